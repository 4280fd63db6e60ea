"""The simulated log as a lake's table, as an ingest leaves it, without the time that an ingest takes."""

import zlib
from collections import defaultdict
from datetime import date
from pathlib import Path

from benchmarks.speed import duck
from benchmarks.speed.ours import EVENTS, FEATURES
from benchmarks.speed.task import FIRST_DAY
from features import NoEvent, Population, SnapshotSpec
from lake import DayChecksum, Table
from lake.table import Manifest, Month

EVERYBODY = Population("all", "true", "speed_churn", "everybody with an event", NoEvent("events", 30))
SPEC = SnapshotSpec("speed", "user_id", (EVENTS,), FEATURES, (EVERYBODY,))


def publish(lake: Path, log: Path, until: date) -> Table:
    """Make the rows that were known before `until` the table's; months that did not change keep their folder."""
    table, connection = Table(lake, SPEC.project, EVENTS.name), duck.connect()
    known = f"from read_parquet('{log / '*.parquet'}') where known < date '{until}'"
    found = connection.execute(
        'select cast("at" as date)::text, cast(known as date)::text, count(*), '
        f'sum(hash(user_id, "at", minutes, kind)) {known} group by all order by all'
    ).fetchall()
    marks: dict[str, list[DayChecksum]] = defaultdict(list)
    for day, seen, count, content in found:
        marks[day[:7]].append(DayChecksum(day, seen, count, int(content)))
    made = {}
    for month, some in marks.items():
        made[month] = Month(f"{zlib.crc32(repr(some).encode()):x}", 0, tuple(some))
        folder = table.month(month, made[month].digest)
        if not folder.exists():
            folder.mkdir(parents=True)
            rows = f"select * {known} and \"at\" >= date '{some[0].day}' and \"at\" < date '{some[-1].day}' + 1"
            connection.execute(f"copy ({rows}) to '{folder / 'rows.parquet'}' (format parquet)")
    table.publish(Manifest(str(until), "speed", str(FIRST_DAY), str(until), {}, made))
    return table
