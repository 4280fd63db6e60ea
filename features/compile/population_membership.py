"""Which entities are in a snapshot, in which population, and with which label."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

from features.compile.contract_sql import contract_sql
from features.compile.label_sql import if_absent, label_sql
from features.declare.label import (
    ALREADY_LEFT,
    HOW,
    LABEL,
    NoEvent,
    Population,
)
from features.declare.snapshot_spec import SnapshotSpec
from lake.declarations import DeclarationError
from stack.engines.engine import Engine

#: the view of the entities and dates that need features, if the project has a contract.
MEMBERS = "contract_members"
_STATES, _FEATURES = "contract_states", "features_unlabelled"


@contextmanager
def population_members(engine: Engine, spec: SnapshotSpec, dates: Sequence[date]) -> Iterator[str | None]:
    """The name of a view of contract states at the dates, which exists inside the block; None without a contract.

    If contract states alone determine the populations, the view holds only their members.
    """
    if spec.contract is None:
        yield None
        return
    engine.show(_STATES, contract_sql(spec.contract, spec.sources, dates))
    wanted = "contract_state is not null"
    if not any(engine.problem(_STATES, population.where) for population in spec.populations):
        wanted += f" and {_population_sql(spec)} {_wanted(spec)}"
    engine.keep(MEMBERS, f"select * from {_STATES} where {wanted}")  # every source is joined with it
    try:
        yield MEMBERS
    finally:
        engine.drop(MEMBERS)
        engine.drop(_STATES)


def labelled_sql(engine: Engine, plan: str, spec: SnapshotSpec, matured: Mapping[str, Sequence[date]]) -> str:
    """SQL of the members of the populations, with their labels.

    Args:
        engine: runs the plan.
        plan: SQL of features by entity and date.
        spec: the declarations.
        matured: population -> the dates whose labels are known; a population that is not wanted may be missing.

    Raises:
        DeclarationError: a population's condition is not valid over the features.
    """
    already = "" if spec.contract else f", cast(null as boolean) as {ALREADY_LEFT}"
    engine.show(_FEATURES, f"select *{already} from ({plan})")
    for population in spec.populations:
        problem = engine.problem(_FEATURES, population.where)
        if problem:
            raise DeclarationError(
                f"Population {population.name}: its condition {population.where!r} is not valid over the "
                f"features ({problem})."
            )
    matured_dates = {
        population: days for population in spec.populations if (days := list(matured.get(population.name, ())))
    }
    label, how, joined = "cast(null as int)", "cast(null as string)", ""
    if matured_dates:
        label, how = f"coalesce(told.{LABEL}, {_absent_label_sql(matured_dates)})", f"told.{HOW}"
        keys = " and ".join(f"kept.{key} = told.{key}" for key in (spec.entity, "as_of", "population"))
        joined = f"\nleft join ({_labels_sql(spec, matured_dates)}) as told on {keys}"
    names = "".join(f"kept.{feature.name}, " for feature in spec.features)
    return (
        f"select kept.{spec.entity}, kept.as_of, kept.population, {names}kept.{ALREADY_LEFT}, "
        f"cast({label} as int) as {LABEL}, {how} as {HOW}\n"
        f"from (select *, {_population_sql(spec)} as population from {_FEATURES}) as kept{joined}\n"
        f"where kept.population {_wanted(spec)}"
    )


def _population_sql(spec: SnapshotSpec) -> str:
    """The population of a row: the first whose condition is true."""
    cases = " ".join(f"when {population.where} then '{population.name}'" for population in spec.populations)
    return f"case {cases} end"


def _wanted(spec: SnapshotSpec) -> str:
    return "is not null" if spec.only is None else f"= '{spec.only}'"


def check_conditions(engine: Engine, spec: SnapshotSpec) -> None:
    """Check that the SQL conditions of contract, features and labels are valid over the registered sources.

    Raises:
        DeclarationError: a condition is not valid.
    """
    contract = spec.contract.conditions if spec.contract else ()
    conditions = [(f"Contract: its condition {what}", source, sql) for what, source, sql in contract]
    conditions += [
        (f"Feature {feature.name}: its condition", feature.source, feature.where)
        for feature in spec.features
        if feature.where
    ]
    conditions += [
        (f"Population {population.name}: the condition of its label", population.label.source, population.label.where)
        for population in spec.populations
        if isinstance(population.label, NoEvent) and population.label.where
    ]
    for who, source, sql in conditions:
        problem = engine.problem(source, sql)
        if problem:
            raise DeclarationError(f"{who} {sql!r} is not valid over the columns of {source} ({problem}).")


def _labels_sql(spec: SnapshotSpec, matured_dates: Mapping[Population, Sequence[date]]) -> str:
    return " union all ".join(
        f"select {spec.entity}, as_of, '{population.name}' as population, {LABEL}, {HOW} "
        f"from ({label_sql(population.label, spec.sources, spec.entity, days)})"
        for population, days in matured_dates.items()
    )


def _absent_label_sql(matured_dates: Mapping[Population, Sequence[date]]) -> str:
    """SQL of the label of a member that the label query does not return."""
    cases = ""
    for population, days in matured_dates.items():
        absent = if_absent(population.label)
        if absent is not None:
            dates = ", ".join(f"date'{day.isoformat()}'" for day in days)
            cases += f" when kept.population = '{population.name}' and kept.as_of in ({dates}) then {absent}"
    return f"case{cases} end" if cases else "null"
