"""Publish a day's scores in one transaction: readers see the old rows or the new ones, never a mixture."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql
from pyarrow import BufferReader, parquet

from serving.mart import Mart
from serving.score import ScoreFiles
from stack.errors import PrichalError
from stack.folders.owners import remove
from stack.lock_waits import retry_while_blocked
from stack.postgres import connect

COLUMNS = ("churn_probability", "reason_1", "reason_2", "reason_3")


class PublishError(PrichalError):
    """The scores cannot be published; the mart keeps its rows."""


@dataclass(frozen=True)
class PopulationScores:
    """Scores of one population to publish, the version that computed them, and the day on which labels mature.

    Attributes:
        expected_rows: number of members that the snapshot's manifest counts.
    """

    population: str
    files: ScoreFiles
    model: str
    version: str
    matures_on: date
    expected_rows: int


def publish(database_url: str, mart: Mart, score_date: date, parts: Sequence[PopulationScores]) -> int:
    """Replace the mart's rows of `score_date` by `parts`, all populations in one transaction.

    The risk decile is computed within a population: 1 is the least likely to leave, 10 the most. Equal probabilities
    are ordered by key, so that the same scores always give the same mart.

    Args:
        database_url: URL of the mart's database.
        mart: the table.
        score_date: day of the scores.
        parts: the scores of each population.

    Returns:
        Number of published rows.

    Raises:
        BlockedError: another session held a lock for 45 s.
        PublishError: the files of a part changed after they were checked; there is no row at all; rows are missing;
            an entity occurs twice or in two populations; or a key is empty or holds a NUL character.
    """
    mart.create(database_url, score_date)
    with connect(database_url, role="prichal_writer") as connection:
        _stage(connection, mart, parts)
        task = f"Publishing {score_date} in mart.{mart.table}"
        rows = retry_while_blocked(connection, database_url, task, lambda: _replace_day(connection, mart, score_date))
        if rows == 0:
            raise PublishError(
                f"No row was scored on {score_date}: nothing was published; check the populations' conditions."
            )
    return rows


def _replace_day(connection: psycopg.Connection, mart: Mart, score_date: date) -> int:
    """Replace the day's rows by the staged ones; one publication of a mart at a time."""
    connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"prichal.publish.{mart.table}"])
    connection.execute(sql.SQL("delete from {} where score_date = %s").format(mart.scores), [score_date])
    try:
        return connection.execute(_insert(mart), [score_date]).rowcount
    except psycopg.errors.UniqueViolation:
        raise PublishError(
            f"A {mart.entity} is in two populations on {score_date}: make their conditions exclude each other."
        ) from None


def remove_earlier_scores(parts: Sequence[PopulationScores]) -> None:
    """Remove the score files of earlier runs on the day: those runs have ended, since one `score` runs at a time."""
    for part in parts:
        for path in part.files.folder.parent.iterdir():
            if path != part.files.folder:
                remove(path)


def _stage(connection: psycopg.Connection, mart: Mart, parts: Sequence[PopulationScores]) -> None:
    connection.execute(
        sql.SQL(
            "create temporary table staged (entity {}, churn_probability double precision, reason_1 text, "
            "reason_2 text, reason_3 text, population text, model_name text, model_version text, "
            "label_matures_on date) on commit drop"
        ).format(sql.SQL(mart.entity_type))
    )
    with connection.cursor().copy("copy staged from stdin") as copy:
        for part in parts:
            rows = 0
            for row in _checked_rows(part.files, mart.entity):
                _check_key(row[0], mart.entity, part.population)
                copy.write_row((*row, part.population, part.model, part.version, part.matures_on))
                rows += 1
            _check_count(rows, part)
    _check_unique(connection, mart.entity)


def _check_key(key: object, entity: str, population: str) -> None:
    problem = None
    if key is None or key == "":
        problem = "is empty"
    elif isinstance(key, str) and "\0" in key:
        problem = "holds a NUL character, which PostgreSQL cannot store"
    if problem:
        raise PublishError(
            f"A {entity} of population {population} {problem}: nothing was published; correct the exports, or the "
            "declaration of their source, and ingest again."
        )


def _check_count(rows: int, part: PopulationScores) -> None:
    if rows != part.expected_rows:
        raise PublishError(
            f"{rows:,} rows of population {part.population} were scored, but its snapshot has "
            f"{part.expected_rows:,}: nothing was published; score again, which rebuilds a broken snapshot."
        )


def _check_unique(connection: psycopg.Connection, entity: str) -> None:
    query = "select population, entity from staged group by population, entity having count(*) > 1 limit 1"
    repeated = connection.execute(query).fetchone()
    if repeated is not None:
        raise PublishError(
            f"A {entity} occurs twice in population {repeated[0]}: nothing was published; a snapshot may hold each "
            "once, so look for a join that repeats rows, or for a table without a key."
        )


def _checked_rows(scores: ScoreFiles, entity: str) -> Iterator[tuple[object, ...]]:
    """Rows of the Parquet files after comparing their digests; one file is in memory at a time."""
    names = {file.name for file in scores.folder.glob("*.parquet")}
    if names != set(scores.files_sha256):
        raise _changed(scores.folder, f"it has {len(names)} files, {len(scores.files_sha256)} were written")
    for name, sha256 in sorted(scores.files_sha256.items()):
        content = (scores.folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _changed(scores.folder, f"{name} has another content")
        for batch in parquet.ParquetFile(BufferReader(content)).iter_batches(columns=[entity, *COLUMNS]):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _changed(folder: Path, change: str) -> PublishError:
    return PublishError(
        f"The scores in {folder} changed after they were checked ({change}): nothing was published; find out which "
        "program wrote there, then score again."
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
