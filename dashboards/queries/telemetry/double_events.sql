-- title: Double events
-- description: Events that the log has twice (same person and moment). They were dropped at ingest. Only the period applies: the rows are counted before anything is known about them.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: month | Month | month | month in the shop's time zone
-- column: duplicates | Double events | count | rows dropped because another row has the same person, moment and content
-- column: duplicate_share | Share | share | double events / usable rows
-- column: ratio | Times the usual share | number | share / median share of all months
-- column: contradictions | Contradictions | count | rows of a person and moment with different contents; quarantined
with shares as (
  select *, duplicates::double precision / nullif(valid_rows, 0) as duplicate_share from mart.telemetry_double_events
),
middles as (select percentile_cont(0.5) within group (order by duplicate_share) as usual from shares)
select month, duplicates, duplicate_share, duplicate_share / nullif(usual, 0) as ratio, contradictions
from shares, middles
where true
  and (%(period_start)s::date is null
    or month >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or month <= %(period_end)s::date)
order by month
