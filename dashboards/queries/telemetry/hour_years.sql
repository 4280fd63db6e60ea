-- title: Hours across years
-- description: Share of each hour in the revenue of a year. A year counts from its first to its last month in the log.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: hour | Hour | text | hour of the day in the shop's time zone
-- column: year | Year | text | calendar year
-- column: share | Share of the year's revenue | share | revenue of the hour / revenue of the year
-- column: revenue | Revenue | money | rubles paid, with outliers
with sums as (
  select extract(year from month)::int::text as year, place, sum(hour_revenue) as revenue
  from mart.telemetry_hours,
       unnest(events_by_hour, revenue_by_hour) with ordinality as hours (hour_events, hour_revenue, place)
  where city = coalesce(%(city)s::text, '') and category = coalesce(%(category)s::text, '')
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
    and (%(period_start)s::date is null
      or month >= date_trunc('month', %(period_start)s::date))
    and (%(period_end)s::date is null or month <= %(period_end)s::date)
  group by extract(year from month), place
)
select lpad((place - 1)::text, 2, '0') || ':00' as hour, year,
       revenue / nullif(sum(revenue) over (partition by year), 0) as share, revenue
from sums order by year, place
