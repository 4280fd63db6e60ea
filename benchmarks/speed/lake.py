"""The simulated log as a table of the lake, published directly instead of by an ingest."""

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
    """Publish the rows known before `until`; unchanged months keep their folder."""
    table, connection = Table(lake, SPEC.project, EVENTS.name), duck.connect()
    known_rows = f"from read_parquet('{log / '*.parquet'}') where known < date '{until}'"
    day_rows = connection.execute(
        'select cast("at" as date)::text, cast(known as date)::text, count(*), '
        f'sum(hash(user_id, "at", minutes, kind)) {known_rows} group by all order by all'
    ).fetchall()
    marks: dict[str, list[DayChecksum]] = defaultdict(list)
    for day, known_day, count, content in day_rows:
        marks[day[:7]].append(DayChecksum(day, known_day, count, int(content)))
    months = {}
    for month, checksums in marks.items():
        months[month] = Month(f"{zlib.crc32(repr(checksums).encode()):x}", 0, tuple(checksums))
        folder = table.month(month, months[month].digest)
        if not folder.exists():
            folder.mkdir(parents=True)
            first, last = checksums[0].day, checksums[-1].day
            rows = f"select * {known_rows} and \"at\" >= date '{first}' and \"at\" < date '{last}' + 1"
            connection.execute(f"copy ({rows}) to '{folder / 'rows.parquet'}' (format parquet)")
    table.publish(Manifest(str(until), "speed", str(FIRST_DAY), str(until), {}, months))
    return table
