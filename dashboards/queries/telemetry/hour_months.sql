-- title: Hours by month
-- description: Share of the hour in the month's events / median share of that hour over all months. 2 means twice the usual share.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: month | Month | month | month in the shop's time zone
-- column: hour | Hour | text | hour of the day in the shop's time zone
-- column: ratio | Times the usual share | number | share of the month / median share of the hour over all months
-- column: events | Events | count | events without the dropped double ones
with sums as (
  select month, place, sum(hour_events) as events
  from mart.telemetry_hours,
       unnest(events_by_hour, revenue_by_hour) with ordinality as hours (hour_events, hour_revenue, place)
  where city = coalesce(%(city)s::text, '') and category = coalesce(%(category)s::text, '')
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  group by month, place
),
shares as (select *, events / nullif(sum(events) over (partition by month), 0) as share from sums),
usual_shares as (
  select place, percentile_cont(0.5) within group (order by share::double precision) as usual from shares group by place
)
select month, lpad((place - 1)::text, 2, '0') || ':00' as hour, share / nullif(usual, 0) as ratio, events
from shares join usual_shares using (place)
where true
  and (%(period_start)s::date is null
    or month >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or month <= %(period_end)s::date)
order by month, place
