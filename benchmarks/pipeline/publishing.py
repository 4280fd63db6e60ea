"""`python -m benchmarks publish`: a day's scores in the mart, against a bare binary COPY of the same bytes."""

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql
from pyarrow import parquet

from benchmarks.database import temporary_database
from benchmarks.timing import elapsed_seconds
from serving import Mart, PopulationScores, ScoreFiles, publish
from serving.copy_rows import HEADER, TRAILER, RowEncoder
from serving.publish import BATCH_ROWS
from stack.folders.atomic import sha256_of_files
from stack.postgres import connect

ROWS, FILES, ROUNDS, FIRST_DAY = 1_000_000, 8, 3, date(2026, 3, 1)
MART = Mart("shop_scores", "user_id", "text")
REASONS = [
    "Watches less than before (hours in 7 days: 0.50)",
    "Pays late (days since the last payment: 31)",
    "Few devices (devices in 30 days: 1)",
    None,
]


def main() -> None:
    """Print seconds of each way, the share of the bare COPY's speed, and the longest wait of a polling reader."""
    with temporary_database() as url, tempfile.TemporaryDirectory() as folder:
        part = _write_scores(Path(folder))
        blocks = _encode(part)
        MART.create(url)
        seconds: dict[str, list[float]] = {"bare COPY": [], "bare, then the indexes": [], "publish": [], "again": []}
        for number in range(ROUNDS):
            day = FIRST_DAY + timedelta(1 + 2 * number)
            seconds["bare COPY"].append(_copy_bare(url, blocks, indexed=False))
            seconds["bare, then the indexes"].append(_copy_bare(url, blocks, indexed=True))
            for name in ("publish", "again"):
                seconds[name].append(_publish(url, day, part))
        print(f"{ROWS:,} rows, {sum(map(len, blocks)) / 1e6:.0f} MB of COPY; {ROUNDS} rounds in turn")
        for name, values in seconds.items():
            _print(name, values, statistics.median(seconds["bare COPY"]))
        with _polling(url) as poller:
            for _ in range(2):
                _publish(url, day + timedelta(1), part)
        partial = sorted({count for count in poller.counts if count != ROWS})
        print(f"polling reader: {poller.rounds} queries, longest {poller.longest:.3f} s, partial days seen: {partial}")


def _publish(url: str, day: date, part: PopulationScores) -> float:
    return elapsed_seconds(lambda: publish(url, MART, day, [part]))


def _print(name: str, seconds: Sequence[float], bare: float) -> None:
    median = statistics.median(seconds)
    print(f"{name:28}{median:7.2f} s ({min(seconds):.2f}-{max(seconds):.2f})   {bare / median:5.0%} of the bare COPY")


def _write_scores(folder: Path) -> PopulationScores:
    draw = np.random.default_rng(1)
    keys = draw.permutation(ROWS)
    for number, chunk in enumerate(np.array_split(np.arange(ROWS), FILES)):
        rows = pd.DataFrame({"user_id": [f"u{key:08d}" for key in keys[chunk]]})
        rows["churn_probability"] = draw.random(len(chunk))
        for place in (1, 2, 3):
            rows[f"reason_{place}"] = np.array(REASONS, dtype=object)[draw.integers(0, len(REASONS), len(chunk))]
        rows.to_parquet(folder / f"part-{number}.parquet")
    files = ScoreFiles(folder, ROWS, 0.0, sha256_of_files(folder, "*.parquet"))
    return PopulationScores("paid", files, "shop_churn", "1", FIRST_DAY + timedelta(32), ROWS)


def _encode(part: PopulationScores) -> list[bytes]:
    """The bytes of the same rows, encoded before the clock starts."""
    encoder = RowEncoder("user_id", FIRST_DAY, part.population, (part.model, part.version), part.matures_on,
                         datetime.now(UTC))  # fmt: skip
    blocks = [HEADER]
    for file in sorted(part.files.folder.glob("*.parquet")):
        rows = parquet.read_table(file)
        for begin in range(0, len(rows), BATCH_ROWS):
            chunk = rows.slice(begin, BATCH_ROWS)
            blocks.append(encoder.encode(chunk, np.ones(len(chunk), dtype=np.int16)).to_pybytes())
    return [*blocks, TRAILER]


def _copy_bare(url: str, blocks: Sequence[bytes], *, indexed: bool) -> float:
    """Seconds of a COPY into a table without indexes or checks of the rows, or of that and the indexes of a day."""
    columns = RowEncoder("user_id", FIRST_DAY, "", ("", ""), FIRST_DAY, datetime.now(UTC)).columns
    with connect(url, role="prichal_writer") as connection:
        connection.execute("select mart.build_day(%s, %s)", [MART.table, FIRST_DAY])
        began_at = time.monotonic()
        statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(
            MART.partition(FIRST_DAY), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with connection.cursor().copy(statement) as copy:
            for block in blocks:
                copy.write(block)
        if indexed:
            connection.execute("select mart.attach_day(%s, %s)", [MART.table, FIRST_DAY])
        seconds = time.monotonic() - began_at
        connection.rollback()
        return seconds


class _Poller(threading.Thread):
    """A reader that counts the rows of the latest day again and again."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.longest, self.rounds, self.counts, self.ended = 0.0, 0, set[int](), threading.Event()
        self._url = url

    def run(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self.ended.wait(0.02):
                began_at = time.monotonic()
                row = connection.execute("select count(*) from mart.shop_scores_current").fetchone()
                self.longest, self.rounds = max(self.longest, time.monotonic() - began_at), self.rounds + 1
                self.counts.add(int(row[0]) if row else 0)


@contextmanager
def _polling(url: str) -> Iterator[_Poller]:
    poller = _Poller(url)
    poller.start()
    yield poller
    poller.ended.set()
    poller.join()
