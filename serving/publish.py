"""Publish a day's scores in one transaction: readers see the old day or the new one, never a part."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql
from pyarrow import BufferReader, parquet

from serving.mart import Mart
from serving.score import Scored
from stack.errors import PrichalError
from stack.postgres import connect

COLUMNS = ("churn_probability", "reason_1", "reason_2", "reason_3")


class PublishError(PrichalError):
    """The scores cannot become the mart's."""


@dataclass(frozen=True)
class Published:
    """Scores of one population to publish, the version that made them, and when one knows who left."""

    population: str
    scored: Scored
    model: str
    version: str
    matures_on: date


def publish(database_url: str, mart: Mart, score_date: date, parts: Sequence[Published]) -> int:
    """Replace the mart's rows of `score_date` by `parts`, all populations at once.

    The risk decile is counted within a population, 1 the least and 10 the most likely to leave; equal
    probabilities are ordered by key, so that the same scores always give the same mart.

    Args:
        database_url: of the mart.
        mart: its table.
        score_date: the day scored.
        parts: the scores of each population.

    Returns:
        Rows published.

    Raises:
        PublishError: the files of a part are not those that were written and checked, there is no row at all, or
            an entity is in two populations.
    """
    mart.prepare(database_url, score_date)
    with connect(database_url, role="prichal_writer") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"prichal.publish.{mart.table}"])
        _stage(connection, mart, parts)
        connection.execute(sql.SQL("delete from {} where score_date = %s").format(mart.scores), [score_date])
        try:
            rows = connection.execute(_insert(mart), [score_date]).rowcount
        except psycopg.errors.UniqueViolation:
            raise PublishError(
                f"A {mart.entity} is in two populations on {score_date}: their conditions must exclude each other."
            ) from None
        if rows == 0:
            raise PublishError(
                f"Nobody was scored on {score_date}: nothing was published; look at the populations' conditions."
            )
    return rows


def _stage(connection: psycopg.Connection, mart: Mart, parts: Sequence[Published]) -> None:
    connection.execute(
        sql.SQL(
            "create temporary table staged (entity {}, churn_probability double precision, reason_1 text, "
            "reason_2 text, reason_3 text, population text, model_name text, model_version text, "
            "label_matures_on date) on commit drop"
        ).format(sql.SQL(mart.entity_type))
    )
    with connection.cursor().copy("copy staged from stdin") as copy:
        for part in parts:
            for row in _rows(part.scored, mart.entity):
                copy.write_row((*row, part.population, part.model, part.version, part.matures_on))


def _rows(scored: Scored, entity: str) -> Iterator[tuple[object, ...]]:
    """Rows of the Parquet files that were checked, a file in memory at a time."""
    found = {file.name for file in scored.folder.glob("*.parquet")}
    if found != set(scored.files_sha256):
        raise _changed(scored.folder, f"{len(found)} files are there, {len(scored.files_sha256)} were written")
    for name, sha256 in sorted(scored.files_sha256.items()):
        content = (scored.folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _changed(scored.folder, f"{name} is another file")
        for batch in parquet.ParquetFile(BufferReader(content)).iter_batches(columns=[entity, *COLUMNS]):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _changed(folder: Path, what: str) -> PublishError:
    return PublishError(
        f"The scores in {folder} are not those that were written and checked ({what}): nothing was published; "
        "find out who wrote there, then score again."
    )


def _insert(mart: Mart) -> sql.Composed:
    return sql.SQL("""
insert into {scores} (score_date, {entity}, population, churn_probability, risk_decile, reason_1, reason_2, reason_3,
                      model_name, model_version, label_matures_on, scored_at)
select %s, entity, population, churn_probability,
       ntile(10) over (partition by population order by churn_probability, entity),
       reason_1, reason_2, reason_3, model_name, model_version, label_matures_on, now()
from staged
""").format(scores=mart.scores, entity=sql.Identifier(mart.entity))
