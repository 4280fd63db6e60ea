"""Drops: the folders of the exports, one a month for the past and one a day in the end."""

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

from projects.churn.simulator.calendar import Window, moment
from projects.churn.simulator.people.titles import Titles
from projects.churn.simulator.systems import catalogue, metrica, text
from projects.churn.simulator.systems.logs import (
    GARBLED,
    Arrived,
    Log,
    Texts,
    receive,
)
from projects.churn.simulator.systems.metrica import Metrica
from projects.churn.simulator.world import World

Job: TypeAlias = Callable[[], tuple[str, int]]

#: files in which a row is never lost: books are.
LOSSLESS = frozenset(
    {"subscriptions.csv.gz", "payments.csv.gz", "auto_renew.csv.gz", "profiles.csv.gz", "identity_links.csv.gz",
     "campaign_contacts.csv.gz", "campaign_history.jsonl"}
)  # fmt: skip


@dataclass(frozen=True)
class Drop:
    """What was received in [since, until), kept in a folder of that name."""

    day: date
    since: int
    folder: Path

    @property
    def until(self) -> int:
        """First moment that is not in the drop."""
        return moment(self.day)


def make_drops(raw: Path, window: Window) -> list[Drop]:
    """The drops of a window, the first of which begins with the service."""
    days = window.drops
    since = [0, *(moment(day) for day in days[:-1])]
    return [Drop(day, start, raw / day.isoformat()) for day, start in zip(days, since, strict=True)]


def arrive(world: World, logs: list[Log]) -> list[Arrived]:
    """Draw what arrives of each log."""
    end = world.window.end
    streams = {log.file: world.streams.under(f"receipt {log.file}") for log in logs}
    return [Arrived(log, receive(streams[log.file], log.known, end, log.file in LOSSLESS)) for log in logs]


def write_drops(world: World, drops: list[Drop], arrived: list[Arrived], web: Metrica) -> dict[str, int]:
    """Write every file of every drop; returns rows by file name."""
    for drop in drops:
        drop.folder.mkdir()
    jobs = [job for one in arrived for job in _log_jobs(drops, one)]
    jobs += [job for drop in drops for job in _metrica_jobs(drop, world.window, web)]
    jobs += [_catalogue_job(drop, world.titles) for drop in drops if drop.day.day == 1]
    rows: Counter[str] = Counter()
    # Compression leaves the interpreter's lock; every job writes a file of its own, so their order is of no account.
    with ThreadPoolExecutor(2) as pool:
        for file, count in pool.map(_run, jobs):
            rows[file] += count
    return dict(sorted(rows.items()))


def _run(job: Job) -> tuple[str, int]:
    return job()


def _log_jobs(drops: list[Drop], one: Arrived) -> Iterator[Job]:
    known = one.log.known[one.receipt.rows]
    for drop in drops:
        low, high = np.searchsorted(known, [drop.since, drop.until])
        yield _log_job(drop, one, int(low), int(high))


def _log_job(drop: Drop, one: Arrived, low: int, high: int) -> Job:
    def job() -> tuple[str, int]:
        log, receipt = one.log, one.receipt
        texts = dict(log.render(log.rows(receipt.rows[low:high])))
        broken = receipt.garbled[low:high]
        if log.number and broken.any():
            texts[log.number] = pc.if_else(pa.array(broken), GARBLED, texts[log.number])
        _write(drop.folder / log.file, texts)
        return log.file, high - low

    return job


def _metrica_jobs(drop: Drop, window: Window, web: Metrica) -> Iterator[Job]:
    since = drop.since or window.start

    def visits() -> tuple[str, int]:
        texts = metrica.visit_texts(web, since, drop.day)
        _write(drop.folder / metrica.VISITS_FILE, texts)
        return metrica.VISITS_FILE, len(texts["ym:s:visitID"])

    def hits() -> tuple[str, int]:
        texts = metrica.hit_texts(web, since, drop.day)
        _write(drop.folder / metrica.HITS_FILE, texts)
        return metrica.HITS_FILE, len(texts["ym:pv:watchID"])

    yield visits
    yield hits


def _catalogue_job(drop: Drop, titles: Titles) -> Job:
    def job() -> tuple[str, int]:
        lines = catalogue.document_lines(titles, drop.day)
        (drop.folder / catalogue.FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return catalogue.FILE, len(lines)

    return job


def _write(path: Path, texts: Texts) -> None:
    """Write the columns in the format that the file's name tells."""
    if path.suffix == ".parquet":
        pq.write_table(texts["table"], path, compression="snappy")
    elif path.suffix == ".jsonl":
        path.write_bytes(text.stacked(texts["line"]))
    else:
        separator = "\t" if path.name.endswith(".tsv.gz") else ","
        path.write_bytes(gzip.compress(text.lines(texts, separator), compresslevel=1, mtime=0))
