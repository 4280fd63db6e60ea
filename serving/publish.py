"""Publish a day's scores in one transaction: readers see the old rows or the new ones, never a mixture."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from psycopg import sql
from pyarrow import BufferReader, parquet

from serving.copy_rows import HEADER, REASONS, TRAILER, RowEncoder, rank_deciles
from serving.mart import Mart
from serving.score import ScoreFiles
from stack.errors import PrichalError
from stack.folders.owners import remove
from stack.lock_waits import retry_while_blocked
from stack.postgres import connect

#: rows that are encoded at a time.
BATCH_ROWS = 50_000
#: PostgreSQL's index has no room for longer keys.
MAX_KEY_BYTES = 2600


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


def publish(
    database_url: str, mart: Mart, score_date: date, parts: Sequence[PopulationScores], run_id: str | None = None
) -> int:
    """Publish the scores of a day, all populations in one transaction; they replace earlier rows of the day.

    The first rows of a day are copied into a table of their own, which becomes the partition of the day. Later ones
    replace the rows of that partition. Neither makes a reader wait.

    The risk decile is computed within a population: 1 is the least likely to leave, 10 the most. Equal probabilities
    are ordered by key, so that the same scores always give the same mart.

    Args:
        database_url: URL of the mart's database.
        mart: the table.
        score_date: day of the scores.
        parts: the scores of each population.
        run_id: row of `ops.runs` that gets the number of rows in the same transaction.

    Returns:
        Number of published rows.

    Raises:
        BlockedError: another session held a lock for 45 s.
        PublishError: the files of a part changed after they were checked; there is no row at all; rows are missing;
            an entity occurs twice or in two populations; a key is empty, too long or holds a NUL character; or a
            probability is missing or outside [0, 1].
    """
    deciles = [_checked_deciles(part, mart) for part in parts]
    rows = sum(map(len, deciles))
    if rows == 0:
        raise PublishError(
            f"No row was scored on {score_date}: nothing was published; check the populations' conditions."
        )
    mart.create(database_url)
    task = f"Publishing {score_date} in mart.{mart.table}"
    with connect(database_url, role="prichal_writer") as connection:
        is_new = retry_while_blocked(connection, database_url, task, lambda: _begin_day(connection, mart, score_date))
        try:
            _copy(connection, mart, score_date, list(zip(parts, deciles, strict=True)), is_new)
            if is_new:
                attach = "select mart.attach_day(%s, %s)"
                retry_while_blocked(
                    connection, database_url, task, lambda: connection.execute(attach, [mart.table, score_date])
                )
        except psycopg.errors.UniqueViolation:
            raise _repeated_key(parts, mart, score_date) from None
        connection.execute("update ops.runs set rows_out = %s where run_id = %s", [rows, run_id])
    return rows


def _begin_day(connection: psycopg.Connection, mart: Mart, score_date: date) -> bool:
    """Make room for the day's rows; one publication of a mart at a time.

    Returns:
        Whether the day has a table of its own that must be attached; else its partition is empty now.
    """
    connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"prichal.publish.{mart.table}"])
    row = connection.execute("select mart.build_day(%s, %s)", [mart.table, score_date]).fetchone()
    if row and row[0]:
        return True
    connection.execute(sql.SQL("delete from {} where score_date = %s").format(mart.scores), [score_date])
    return False


def _copy(
    connection: psycopg.Connection,
    mart: Mart,
    score_date: date,
    parts: Sequence[tuple[PopulationScores, NDArray[np.int16]]],
    is_new: bool,
) -> None:
    """Copy the rows into the day's own table, or through the table of scores into its partition."""
    (moment,) = connection.execute("select now()").fetchone() or (datetime.now().astimezone(),)
    encoders = [
        RowEncoder(mart.entity, score_date, part.population, (part.model, part.version), part.matures_on, moment)
        for part, _ in parts
    ]
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(
        mart.partition(score_date) if is_new else mart.scores,
        sql.SQL(", ").join(map(sql.Identifier, encoders[0].columns)),
    )
    with connection.cursor().copy(statement) as copy, ThreadPoolExecutor(1) as executor:
        copy.write(HEADER)
        waiting = None
        for encoder, (part, deciles) in zip(encoders, parts, strict=True):
            begin = 0
            for rows in _checked_rows(part, mart):
                chunk = deciles[begin : begin + len(rows)]
                begin += len(rows)
                encoding = executor.submit(encoder.encode, rows, chunk)
                if waiting is not None:
                    copy.write(waiting.result())  # while the next rows are encoded
                waiting = encoding
        if waiting is not None:
            copy.write(waiting.result())
        copy.write(TRAILER)


def _checked_deciles(part: PopulationScores, mart: Mart) -> NDArray[np.int16]:
    """The decile of each row of a part, in the order of its files, after checking keys, probabilities and count."""
    probabilities = [np.empty(0)]
    for rows in _checked_rows(part, mart):
        _check_keys(rows[mart.entity], mart.entity, part.population)
        probability = rows["churn_probability"].to_numpy()
        valid = np.count_nonzero((probability >= 0) & (probability <= 1))  # NaN, also of a null, is neither
        if valid != len(rows):
            raise PublishError(
                f"{len(rows) - valid:,} rows of population {part.population} have no probability from 0 to 1: nothing "
                "was published; roll back, or look at the features of that date."
            )
        probabilities.append(probability)
    probability = np.concatenate(probabilities)
    _check_count(len(probability), part)
    return rank_deciles(probability, lambda: _keys(part, mart))


def _keys(part: PopulationScores, mart: Mart) -> pa.ChunkedArray:
    tables = [rows[mart.entity] for rows in _checked_rows(part, mart)]
    return pa.chunked_array([chunk for column in tables for chunk in column.chunks], type=_key_type(mart))


def _check_keys(keys: pa.ChunkedArray, entity: str, population: str) -> None:
    problem = None
    is_text = pa.types.is_string(keys.type)
    if keys.null_count or (is_text and pc.any(pc.equal(keys, "")).as_py()):
        problem = "is empty"
    elif is_text and pc.any(pc.match_substring(keys, "\0")).as_py():
        problem = "holds a NUL character, which PostgreSQL cannot store"
    elif is_text and (pc.max(pc.binary_length(keys)).as_py() or 0) > MAX_KEY_BYTES:
        problem = f"is longer than {MAX_KEY_BYTES:,} bytes, which an index of PostgreSQL cannot store"
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


def _repeated_key(parts: Sequence[PopulationScores], mart: Mart, score_date: date) -> PublishError:
    """The error of a key that occurs twice: within a population, or in two of them."""
    for part in parts:
        keys = _keys(part, mart)
        if len(pc.unique(keys)) < len(keys):
            return PublishError(
                f"A {mart.entity} occurs twice in population {part.population}: nothing was published; a snapshot may "
                "hold each once, so look for a join that repeats rows, or for a table without a key."
            )
    return PublishError(
        f"A {mart.entity} is in two populations on {score_date}: make their conditions exclude each other."
    )


def _checked_rows(part: PopulationScores, mart: Mart) -> Iterator[pa.Table]:
    """Rows of the Parquet files after comparing their digests; one file is in memory at a time."""
    scores = part.files
    names = {file.name for file in scores.folder.glob("*.parquet")}
    if names != set(scores.files_sha256):
        raise _changed(scores.folder, f"it has {len(names)} files, {len(scores.files_sha256)} were written")
    schema = pa.schema(
        [
            (mart.entity, _key_type(mart)),
            ("churn_probability", pa.float64()),
            *((name, pa.string()) for name in REASONS),
        ]
    )
    for name, sha256 in sorted(scores.files_sha256.items()):
        content = (scores.folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _changed(scores.folder, f"{name} has another content")
        for batch in parquet.ParquetFile(BufferReader(content)).iter_batches(BATCH_ROWS, columns=schema.names):
            yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)


def _key_type(mart: Mart) -> pa.DataType:
    return pa.int64() if mart.entity_type == "bigint" else pa.string()


def _changed(folder: Path, change: str) -> PublishError:
    return PublishError(
        f"The scores in {folder} changed after they were checked ({change}): nothing was published; find out which "
        "program wrote there, then score again."
    )


def remove_earlier_scores(parts: Sequence[PopulationScores]) -> None:
    """Remove the score files of earlier runs on the day: those runs have ended, since one `score` runs at a time."""
    for part in parts:
        for path in part.files.folder.parent.iterdir():
            if path != part.files.folder:
                remove(path)
