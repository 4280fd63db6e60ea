"""Export batches: one folder per month at first, one per day at the end."""

import gzip
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from projects.churn.simulator.calendar import SimulationWindow, moment
from projects.churn.simulator.systems import catalogue, metrica, text
from projects.churn.simulator.systems.logs import MALFORMED_NUMBER, Log, ReceivedLog, Texts, receive
from projects.churn.simulator.systems.metrica import Metrica
from projects.churn.simulator.titles import Titles
from projects.churn.simulator.world import World

Job: TypeAlias = Callable[[], tuple[str, int]]

#: files in which no row is lost.
LOSSLESS = frozenset(
    {"subscriptions.csv.gz", "payments.csv.gz", "auto_renew.csv.gz", "profiles.csv.gz", "identity_links.csv.gz",
     "campaign_contacts.csv.gz", "campaign_history.jsonl"}
)  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """One export: the rows received in [since, until), in a folder named after its day."""

    day: date
    since: int
    folder: Path

    @property
    def until(self) -> int:
        """First moment that is not in the batch."""
        return moment(self.day)


def make_batches(raw: Path, window: SimulationWindow) -> list[Batch]:
    """Plan the batches of a window; the first one holds everything received before its day."""
    days = window.batches
    since = [0, *(moment(day) for day in days[:-1])]
    return [Batch(day, start, raw / day.isoformat()) for day, start in zip(days, since, strict=True)]


def receive_logs(world: World, logs: list[Log]) -> list[ReceivedLog]:
    """Draw the rows of each log that are received: some are lost, some are duplicated."""
    end = world.window.end
    streams = {log.file: world.streams.substreams(f"receipt {log.file}") for log in logs}
    return [ReceivedLog(log, receive(streams[log.file], log.received_at, end, log.file in LOSSLESS)) for log in logs]


def write_batches(world: World, batches: list[Batch], received_logs: list[ReceivedLog], web: Metrica) -> dict[str, int]:
    """Write every file of every batch; returns the number of rows by file name."""
    for batch in batches:
        batch.folder.mkdir()
    jobs = [job for received_log in received_logs for job in _log_jobs(batches, received_log)]
    jobs += [job for batch in batches for job in _metrica_jobs(batch, world.window, web)]
    jobs += [_catalogue_job(batch, world.titles) for batch in batches if batch.day.day == 1]
    rows: Counter[str] = Counter()
    # Compression releases the interpreter lock. Every job writes its own file, so the order of jobs does not matter.
    with ThreadPoolExecutor(2) as pool:
        for file, count in pool.map(_run, jobs):
            rows[file] += count
    return dict(sorted(rows.items()))


def _run(job: Job) -> tuple[str, int]:
    return job()


def _log_jobs(batches: list[Batch], received_log: ReceivedLog) -> Iterator[Job]:
    received_at = received_log.log.received_at[received_log.receipt.rows]
    for batch in batches:
        low, high = np.searchsorted(received_at, [batch.since, batch.until])
        yield _log_job(batch, received_log, int(low), int(high))


def _log_job(batch: Batch, received_log: ReceivedLog, low: int, high: int) -> Job:
    def job() -> tuple[str, int]:
        log, receipt = received_log.log, received_log.receipt
        texts = dict(log.render(log.rows(receipt.rows[low:high])))
        broken = receipt.malformed[low:high]
        if log.number and broken.any():
            texts[log.number] = pc.if_else(pa.array(broken), MALFORMED_NUMBER, texts[log.number])
        _write(batch.folder / log.file, texts)
        return log.file, high - low

    return job


def _metrica_jobs(batch: Batch, window: SimulationWindow, web: Metrica) -> Iterator[Job]:
    since = batch.since or window.start

    def visits() -> tuple[str, int]:
        texts = metrica.visit_texts(web, since, batch.day)
        _write(batch.folder / metrica.VISITS_FILE, texts)
        return metrica.VISITS_FILE, len(texts["ym:s:visitID"])

    def hits() -> tuple[str, int]:
        texts = metrica.hit_texts(web, since, batch.day)
        _write(batch.folder / metrica.HITS_FILE, texts)
        return metrica.HITS_FILE, len(texts["ym:pv:watchID"])

    yield visits
    yield hits


def _catalogue_job(batch: Batch, titles: Titles) -> Job:
    def job() -> tuple[str, int]:
        lines = catalogue.document_lines(titles, batch.day)
        (batch.folder / catalogue.FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return catalogue.FILE, len(lines)

    return job


def _write(path: Path, texts: Texts) -> None:
    """Write the columns in the format of the file's extension."""
    if path.suffix == ".parquet":
        pq.write_table(texts["table"], path, compression="snappy")
    elif path.suffix == ".jsonl":
        path.write_bytes(text.join_lines(texts["line"]))
    else:
        separator = "\t" if path.name.endswith(".tsv.gz") else ","
        path.write_bytes(gzip.compress(text.delimited_text(texts, separator), compresslevel=1, mtime=0))
