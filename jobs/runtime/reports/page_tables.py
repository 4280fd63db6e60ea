"""Small tables that only the dashboards read: what is in the lake, by source and day, and retention by cohort.

A step replaces all rows of its project, so the tables are right after each run and need no repair.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg
import pyarrow.parquet as pq

from features import count_cohorts
from jobs.runtime.context import Context
from lake import Ingested, Table
from stack.postgres import connect

#: reasons of quarantine that the text of a source names.
MOST_REASONS = 5
#: the tables with their columns.
COUNTS = "ops.source_counts (project, source, rows_in, rows_kept, duplicates, quarantined, reasons)"
DAYS = "ops.source_days (project, source, day, rows, late_days)"
COHORTS = "mart.cohorts (project, joined_month, plan_months, step, people, active)"


def replace_volumes(context: Context, ingested: Sequence[Ingested]) -> None:
    """Replace the rows of `ops.source_counts` and `ops.source_days` of the project."""
    counts, days = [], []
    for source in ingested:
        manifest, table = source.manifest, context.table(source.source)
        reasons = describe_reasons(table) if manifest.quarantined else None
        counts.append(
            (source.source, manifest.rows_in, manifest.rows_kept, manifest.duplicates, manifest.quarantined, reasons)
        )
        days += _count_days(source.source, table)
    with connect(context.settings.require_database(), role="prichal_writer") as connection:
        _replace(connection, context, COUNTS, counts)
        _replace(connection, context, DAYS, days)


def replace_cohorts(context: Context) -> None:
    """Replace the rows of `mart.cohorts` of the project."""
    snapshots = context.snapshots
    cells = []
    if context.project.table is None:
        counted = count_cohorts(context.engine(), context.project.spec, snapshots.tables, snapshots.coverage.end)
        cells = [(cell.joined_month, cell.plan_months, cell.step, cell.people, cell.active) for cell in counted]
    with connect(context.settings.require_database(), role="prichal_writer") as connection:
        _replace(connection, context, COHORTS, cells)


def describe_reasons(table: Table) -> str:
    """The most frequent reasons of quarantine with their numbers, such as `12 x amount is not a number`."""
    reasons: Counter[str] = Counter()
    for path in sorted(table.quarantine.rglob("*.parquet")):
        reasons.update(pq.read_table(path, columns=["reason"]).column("reason").to_pylist())
    return "; ".join(f"{count:,} x {reason}" for reason, count in reasons.most_common(MOST_REASONS))


def _count_days(source: str, table: Table) -> list[tuple[Any, ...]]:
    """Rows of each day of events, and the mean number of days after which they became known."""
    rows: Counter[str] = Counter()
    waited: Counter[str] = Counter()
    for checksum in table.checksums():
        rows[checksum.day] += checksum.rows
        days = (date.fromisoformat(checksum.known_day) - date.fromisoformat(checksum.day)).days
        waited[checksum.day] += days * checksum.rows
    return [(source, day, count, waited[day] / count) for day, count in sorted(rows.items()) if count]


def _replace(connection: psycopg.Connection, context: Context, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    name, columns = table.split(" ", 1)
    connection.execute(f"delete from {name} where project = %s", [context.project.name])
    places = ", ".join(["%s"] * (columns.count(",") + 1))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"insert into {name} {columns} values ({places})", [(context.project.name, *row) for row in rows]
        )
