"""Retention by month of joining: how many people of a cohort were still active after each 30 days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from features.compile.contract_sql import periods_sql
from features.compile.time_sql import day_of
from features.daily_aggregates import show_months
from features.declare.label import NoEvent
from features.declare.snapshot_spec import SnapshotSpec
from lake import Source, Table
from stack.engines.engine import Engine

#: days of a step; the last step that is counted.
STEP_DAYS, LAST_STEP = 30, 36


@dataclass(frozen=True)
class CohortCell:
    """People who joined in a month, and how many of them were active after `step` times 30 days.

    Attributes:
        joined_month: first day of the month in which their first period began.
        plan_months: rounded length of their first paid period in months; 0 without a contract.
        step: 30 days times this after joining.
        people: people of the cohort.
        active: of these, people within a period on that day.
    """

    joined_month: date
    plan_months: int
    step: int
    people: int
    active: int


def count_cohorts(engine: Engine, spec: SnapshotSpec, tables: Mapping[str, Table], end: date) -> list[CohortCell]:
    """The cells that have matured: the day lies before `end` for everybody who may have joined in the month.

    With a contract, a person is active within a paid period. Without one, an event counts as a period of the label's
    horizon. A project with a ready table has no events, so it has no cohorts.

    Args:
        engine: runs the SQL, in the project's time zone.
        spec: the project's declarations.
        tables: the lake's tables by source.
        end: the first day that the data does not cover.
    """
    periods = _periods(spec)
    if periods is None:
        return []
    source, sql = periods
    show_months(engine, tables, source, set(tables[source.name].require().months))
    # A renewal may begin some days after the end of a period: only then is it known that there is none.
    gap_days = spec.contract.joined_days if spec.contract is not None else 0
    return [CohortCell(*row) for row in engine.rows(_cells_sql(sql, end, gap_days))]


def _periods(spec: SnapshotSpec) -> tuple[Source, str] | None:
    """The source of the periods, and their SQL: entity, first day, and the day after the last one."""
    by_name = {source.name: source for source in spec.sources}
    if spec.contract is not None:
        source = by_name[spec.contract.payments]
        rows = periods_sql(spec.contract, source)
        return source, (
            f"select entity, {day_of('start')} as start, {day_of('stop')} as stop, "
            f"datediff({day_of('stop')}, {day_of('start')}) as days from ({rows})"
        )
    labels = [population.label for population in spec.populations if isinstance(population.label, NoEvent)]
    if not labels or spec.table is not None:
        return None
    source = by_name[labels[0].source]
    day = day_of(source.event_time)
    where = f" where {labels[0].where}" if labels[0].where else ""
    return source, (
        f"select {source.entity} as entity, {day} as start, date_add({day}, {labels[0].horizon_days}) as stop, "
        f"0 as days from {source.name}{where}"
    )


def _cells_sql(periods: str, end: date, gap_days: int) -> str:
    day = f"if(step = 0, 0, {STEP_DAYS} * step + {gap_days})"
    steps = ", ".join(f"({step})" for step in range(LAST_STEP + 1))
    return f"""
with periods as ({periods}),
people as (
  select entity, min(start) as joined, cast(round(min_by(days, start) / 30.4) as int) as plan_months
  from periods group by entity
),
steps as (select * from values {steps} as s(step)),
days as (
  select entity, joined, plan_months, step, date_add(joined, {day}) as day
  from people cross join steps
  where date_add(last_day(joined), {day}) < date'{end.isoformat()}'
),
active as (
  select distinct d.entity, d.step
  from days d join periods p on p.entity = d.entity and p.start <= d.day and p.stop > d.day
)
select cast(date_trunc('month', d.joined) as date) as joined_month, d.plan_months, d.step, count(*) as people,
  count(a.entity) as active
from days d left join active a on a.entity = d.entity and a.step = d.step
group by 1, 2, 3 order by 1, 2, 3"""
