-- title: Values of purchases by month
-- description: Share of the month's purchases in each range of values.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: month | Month | month | month in the shop's time zone
-- column: value_range | Value | text | range of values in rubles
-- column: share | Share | share | purchases in the range / purchases of the month
-- column: orders | Orders | count | purchases
with sums as (
  select month, value_from, sum(orders) as orders
  from mart.telemetry_checks
  where city = coalesce(%(city)s::text, '') and (%(category)s::text is null or category = %(category)s::text)
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
    and (%(period_start)s::date is null
      or month >= date_trunc('month', %(period_start)s::date))
    and (%(period_end)s::date is null or month <= %(period_end)s::date)
  group by month, value_from
)
select month, 'from ' || to_char(value_from, 'FM999,990') as value_range,
       orders / nullif(sum(orders) over (partition by month), 0) as share, orders
from sums order by month, value_from
