"""The simulated log as a lake's table, as an ingest leaves it, without the time that an ingest takes."""

import shutil
import zlib
from datetime import date
from pathlib import Path

from benchmarks.speed import duck
from benchmarks.speed.ours import EVENTS, FEATURES
from benchmarks.speed.task import FIRST_DAY
from features import NoEvent, Population, SnapshotSpec
from lake import Mark, Table
from lake.table import Manifest, Month

EVERYBODY = Population("all", "true", "speed_churn", "everybody with an event", NoEvent("events", 30))
SPEC = SnapshotSpec("speed", "user_id", (EVENTS,), FEATURES, (EVERYBODY,))


def publish(lake: Path, log: Path, until: date) -> Table:
    """Make the rows that were known before `until` the table's; months that did not change keep their folder."""
    table = Table(lake, SPEC.project, EVENTS.name)
    made = {month: _month(table, log, month, until) for month in _months(log, until)}
    table.publish(Manifest(str(until), "speed", str(FIRST_DAY), str(until), {}, made))
    return table


def _months(log: Path, until: date) -> list[str]:
    known = f"select distinct strftime(\"at\", '%Y-%m') from {_rows(log)} where known < date '{until}' order by 1"
    return [month for (month,) in duck.connect().execute(known).fetchall()]


def _month(table: Table, log: Path, month: str, until: date) -> Month:
    connection = duck.connect()
    rows = f"{_rows(log)} where known < date '{until}' and strftime(\"at\", '%Y-%m') = '{month}'"
    found = connection.execute(
        'select cast("at" as date)::text, cast(known as date)::text, count(*), '
        f'sum(hash(user_id, "at", minutes, kind)) from {rows} group by all order by all'
    ).fetchall()
    marks = tuple(Mark(day, known, count, int(content)) for day, known, count, content in found)
    folder = table.month(month, f"{zlib.crc32(repr(marks).encode()):x}")
    if not folder.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        connection.execute(f"copy (select * from {rows}) to '{folder / 'rows.parquet'}' (format parquet)")
    return Month(folder.name, 0, marks)


def _rows(log: Path) -> str:
    return f"read_parquet('{log / '*.parquet'}')"
