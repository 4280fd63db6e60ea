"""Who left and who stayed, as SQL: by event time alone, from all rows."""

from collections.abc import Sequence
from datetime import date

from features.compile.contract_sql import islands_sql, periods_sql, switches_sql
from features.compile.time_sql import day_of, grid
from features.declare.label import (
    LEFT_TEXTS,
    AccessEnds,
    Label,
    NoEvent,
    NoFirstCharge,
    Stated,
)
from lake import Source


def label_sql(label: Label, sources: Sequence[Source], entity: str, dates: Sequence[date]) -> str:
    """SQL with one row per entity and date: `label` (1 left, 0 stayed) and `label_how`; only for matured dates.

    Whom it does not name has the label of `if_absent`.
    """
    by_name = {source.name: source for source in sources}
    if isinstance(label, NoEvent):
        source = by_name[label.source]
        only = f" where {label.where}" if label.where else ""
        return f"""
with {grid(dates)},
days as (select distinct {source.entity} as entity, {day_of(source.event_time)} as day from {source.name}{only})
select distinct entity as {entity}, as_of, 0 as label, cast(null as string) as label_how
from days join grid on day >= as_of and day < date_add(as_of, {label.reach.days})"""
    if isinstance(label, Stated):
        return _stated(label, by_name[label.table], entity, dates)
    contract = label.contract
    periods = periods_sql(contract, by_name[contract.payments])
    switches = switches_sql(contract, by_name[contract.switches])
    if isinstance(label, AccessEnds):
        ends, voluntary = _access_ends(label), "switch.renews = 0 and switch.by_user"
    else:
        ends = _no_first_charge(label, by_name[contract.trials])
        voluntary = "switch.renews is null or (switch.renews = 0 and switch.by_user)"
    return f"""
with {grid(dates)},
periods as ({periods}),
switches as ({switches}),
{ends},
at_end as (
  select entity, as_of, any_value(label) as label,
    max(struct(at, renews, by_user)) filter (where at >= since and at <= stop) as switch
  from ends left join switches using (entity) group by entity, as_of
)
select entity as {entity}, as_of, label,
  if(label = 1, if(coalesce({voluntary}, false), 'voluntary', 'involuntary'), null) as label_how
from at_end"""


def if_absent(label: Label) -> int | None:
    """The label of a member whom `label_sql` does not name: silence is leaving, no contract is no answer."""
    return 1 if isinstance(label, NoEvent) else None


def _stated(label: Stated, source: Source, entity: str, dates: Sequence[date]) -> str:
    left = f"int(told.{label.column} in ({', '.join(map(repr, LEFT_TEXTS))}))"
    return f"""
with {grid(dates)}
select told.{source.entity} as {entity}, grid.as_of, {left} as label, cast(null as string) as label_how
from {source.name} as told join grid on told.{source.event_time} = grid.as_of"""


def _access_ends(label: AccessEnds) -> str:
    return f"""islands as ({islands_sql("periods", "entity", label.grace_days)}),
access as (select entity, island as start, max(stop) as stop from islands group by entity, island),
ends as (
  select entity, as_of, stop, timestamp'1900-01-01' as since,
    int(stop <= date_add(as_of, {label.horizon_days})) as label
  from access join grid on start <= as_of and stop > as_of
)"""


def _no_first_charge(label: NoFirstCharge, source: Source) -> str:
    contract = label.contract
    return f"""trials as (
  select {source.entity} as entity, as_of,
    max(struct({source.event_time} as start, {contract.trial_end} as stop)) as trial
  from {source.name} join grid on {day_of(source.event_time)} < as_of and {contract.trial_end} > as_of
  where ({contract.trial_started}) group by all
),
ends as (
  select entity, as_of, trial.stop, trial.start as since,
    if(trial.stop <= date_add(as_of, {label.horizon_days}), int(not bool_or(coalesce(
      paid_at > trial.start and paid_at <= trial.stop + interval {24 * label.grace_days} hours, false))), null) as label
  from trials left join periods using (entity) group by entity, as_of, trial
)"""
