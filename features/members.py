"""Who is in a snapshot, in which population, and with which label."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING

from features.contract_sql import contract_sql
from features.label import ALREADY_LEFT, HOW, LABEL, Population
from features.label_sql import if_absent, label_sql
from features.spec import SnapshotSpec
from lake.source import DeclarationError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

#: the view of the entities and dates that features are made for, where a contract says which.
MEMBERS = "contract_members"


@contextmanager
def members(spark: "SparkSession", spec: SnapshotSpec, dates: Sequence[date]) -> Iterator[str | None]:
    """The name of a view of contracts at the dates, kept while the block runs; None without a contract.

    Where the contract alone decides who belongs to a population, only those are in it: nobody else needs features.
    """
    if spec.contract is None:
        yield None
        return
    states = spark.sql(contract_sql(spec.contract, spec.sources, dates)).where("contract_state is not null")
    if not any(_problem(states, one.where) for one in spec.populations):
        states = states.where(" or ".join(f"({one.where})" for one in spec.populations))
    states.persist().createOrReplaceTempView(MEMBERS)  # every source is joined with it
    try:
        yield MEMBERS
    finally:
        spark.catalog.dropTempView(MEMBERS)
        states.unpersist()


def labelled(
    spark: "SparkSession", frame: "DataFrame", spec: SnapshotSpec, matured: Mapping[str, Sequence[date]]
) -> "DataFrame":
    """Keep the members of the populations and say what became of them.

    Args:
        spark: the session.
        frame: features by entity and date.
        spec: the declarations.
        matured: population -> the dates whose labels are known.

    Raises:
        DeclarationError: a population's condition is none over the features.
    """
    from pyspark.sql import functions as F  # noqa: N812

    if ALREADY_LEFT not in frame.columns:
        frame = frame.withColumn(ALREADY_LEFT, F.lit(None).cast("boolean"))
    frame = frame.withColumn("population", _population(frame, spec.populations)).where("population is not null")
    known = {one: days for one in spec.populations if (days := list(matured[one.name]))}
    key = [spec.entity, "as_of", "population"]
    label, how = F.lit(None).cast("int"), F.lit(None).cast("string")
    if known:
        told = _told(spark, spec, known)
        frame = frame.join(told, key, how="left")
        label = F.coalesce(F.col(LABEL), _absent(known)).cast("int")
        how = F.col(HOW)
    names = [feature.name for feature in spec.features]
    return frame.select(*key, *names, ALREADY_LEFT, label.alias(LABEL), how.alias(HOW))


def check_conditions(spark: "SparkSession", spec: SnapshotSpec) -> None:
    """See that the SQL conditions of contract and features can be read over the registered sources.

    Raises:
        DeclarationError: names the condition that cannot.
    """
    contract = spec.contract.conditions if spec.contract else ()
    asked = [(f"Contract: its condition {what}", source, sql) for what, source, sql in contract]
    asked += [(f"Feature {one.name}: its condition", one.source, one.where) for one in spec.features if one.where]
    for who, source, sql in asked:
        problem = _problem(spark.table(source), sql)
        if problem:
            raise DeclarationError(f"{who} {sql!r} is none over the columns of {source} ({problem}).")


def _population(frame: "DataFrame", populations: Sequence[Population]) -> "Column":
    from pyspark.sql import functions as F  # noqa: N812

    population = F.lit(None).cast("string")
    for one in reversed(populations):
        problem = _problem(frame, one.where)
        if problem:
            raise DeclarationError(
                f"Population {one.name}: its condition {one.where!r} is none over the features ({problem})."
            )
        population = F.when(F.expr(one.where), one.name).otherwise(population)
    return population


def _told(spark: "SparkSession", spec: SnapshotSpec, known: Mapping[Population, Sequence[date]]) -> "DataFrame":
    from pyspark.sql import functions as F  # noqa: N812

    parts = [
        spark.sql(label_sql(one.label, spec.sources, spec.entity, days)).withColumn("population", F.lit(one.name))
        for one, days in known.items()
    ]
    return reduce(lambda one, other: one.unionByName(other), parts)


def _absent(known: Mapping[Population, Sequence[date]]) -> "Column":
    from pyspark.sql import functions as F  # noqa: N812

    absent = F.lit(None).cast("int")
    for one, days in known.items():
        its = (F.col("population") == one.name) & F.col("as_of").isin(*days)
        absent = F.when(its, F.lit(if_absent(one.label)).cast("int")).otherwise(absent)
    return absent


def _problem(frame: "DataFrame", condition: str) -> str | None:
    """What is wrong with a condition over the frame's columns; None if nothing is."""
    from pyspark.errors import AnalysisException, ParseException

    try:
        frame.where(condition)
    except (AnalysisException, ParseException) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        return lines[0].split(". ")[0] if lines else "it cannot be read"
    return None
