"""The state of every contract at every date of a grid, as one SQL text."""

from collections.abc import Mapping, Sequence
from datetime import date

from features.compile.time_sql import day_of, grid, past
from features.declare.contract import MEASURES, Contract
from lake import Source


def contract_sql(contract: Contract, sources: Sequence[Source], dates: Sequence[date]) -> str:
    """SQL with one row per entity and date: `contract_state`, `already_left`, then the measures as doubles.

    Only rows whose day and the day they became known are both earlier than the date count. An entity appears at
    a date once such a row is there. `already_left` is true where auto-renew is off as last known; on trial, what
    was switched before the trial is not looked at.
    """
    by_name = {source.name: source for source in sources}
    measures = ",\n  ".join(f"cast({sql} as double) as contract_{name}" for name, sql in MEASURES.items())
    return f"""
with {grid(dates)},
{_access(contract, by_name)},
{_trials(contract, by_name[contract.trials])},
{_switches(contract, by_name[contract.switches])},
contract_joined as (
  select *, case
    when covered then 'paid'
    when trial.stop > as_of then if(coalesce(paid_at > trial.start, false), null, 'trial')
    when ended + interval {24 * contract.grace_days} hours > as_of and last_switch.renews = 1 then 'grace'
    when ended is not null or trial.start is not null then 'lapsed'
  end as state
  from contract_access full join contract_trials using (entity, as_of) full join contract_switches using (entity, as_of)
),
contract_parts as (
  select *, if(state = 'trial' and last_switch.at < trial.start, null, last_switch) as switch from contract_joined
)
select entity, as_of, state as contract_state, coalesce(switch.renews = 0, false) as already_left,
  {measures}
from contract_parts"""


def periods_sql(contract: Contract, payments: Source) -> str:
    """SQL of the paid periods: entity, when it was paid, start and stop."""
    return (
        f"select {payments.entity} as entity, {payments.event_time} as paid_at, {contract.period_start} as start, "
        f"{contract.period_end} as stop, {day_of(payments.event_time)} as day, {day_of('_known')} as known_day "
        f"from {payments.name} where ({contract.succeeded}) and {contract.period_end} > {contract.period_start}"
    )


def islands_sql(rows: str, keys: str, joined_days: int) -> str:
    """SQL that adds to each period of `rows` the start of its island, periods with small gaps between them."""
    order = f"partition by {keys} order by start, stop"
    return (
        f"select *, max(if(opens, start, null)) over ({order} rows unbounded preceding) as island from (\n"
        f"  select *, coalesce(start > max(stop) over ({order} rows between unbounded preceding and 1 preceding) "
        f"+ interval {24 * joined_days} hours, true) as opens from {rows})"
    )


def _access(contract: Contract, sources: Mapping[str, Source]) -> str:
    return f"""contract_periods as (
  select * from ({periods_sql(contract, sources[contract.payments])}) join grid on {past()}
),
contract_islands as ({islands_sql("contract_periods", "entity, as_of", contract.joined_days)}),
contract_access as (
  select entity, as_of, max(paid_at) as paid_at, min(start) as first_paid,
    bool_or(start <= as_of and stop > as_of) as covered,
    max(stop) filter (where start <= as_of) as ended,
    max(struct(island, stop)) filter (where island <= as_of) as access,
    count_if(opens and start <= as_of) as islands
  from contract_islands group by entity, as_of
)"""


def _trials(contract: Contract, source: Source) -> str:
    return f"""contract_trials as (
  select entity, as_of, max(struct(at as start, stop, charging)) filter (where begins) as trial,
    min(at) filter (where begins) as first_trial,
    max(struct(at, promo_end as stop)) filter (where promo_end is not null) as promo
  from (select {source.entity} as entity, {source.event_time} as at, {day_of(source.event_time)} as day,
      {day_of("_known")} as known_day, coalesce({contract.trial_started}, false) as begins,
      {contract.trial_end} as stop, coalesce({contract.auto_charging}, false) as charging,
      {contract.promo_end} as promo_end
    from {source.name})
  join grid on {past()} group by entity, as_of
)"""


def _switches(contract: Contract, source: Source) -> str:
    return f"""contract_switches as (
  select entity, as_of, max(struct(at, renews, by_user)) as last_switch
  from (select *, {day_of("at")} as day from ({switches_sql(contract, source)}))
  join grid on {past()} group by entity, as_of
)"""


def switches_sql(contract: Contract, source: Source) -> str:
    """SQL of the switches: entity, when, on or off, whether by the subscriber."""
    return (
        f"select {source.entity} as entity, {source.event_time} as at, {contract.auto_renew} as renews, "
        f"coalesce({contract.by_user}, false) as by_user, {day_of('_known')} as known_day from {source.name}"
    )
