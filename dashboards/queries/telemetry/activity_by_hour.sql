-- title: Activity by weekday and hour
-- description: Events of each hour of the week.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: weekday | Weekday | text | day of the week
-- column: hour | Hour | text | hour of the day in the shop's time zone
-- column: events | Events | count | events without the dropped double ones
-- column: revenue | Revenue | money | rubles paid, with outliers
select (array['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[weekday]
         as weekday,
       lpad((place - 1)::text, 2, '0') || ':00' as hour, sum(hour_events) as events, sum(hour_revenue) as revenue
from mart.telemetry_hours,
     unnest(events_by_hour, revenue_by_hour) with ordinality as hours (hour_events, hour_revenue, place)
where city = coalesce(%(city)s::text, '') and category = coalesce(%(category)s::text, '')
  and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
  and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  and (%(period_start)s::date is null
    or month >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or month <= %(period_end)s::date)
group by telemetry_hours.weekday, place order by telemetry_hours.weekday, place
