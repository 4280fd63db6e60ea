-- title: Sessions by length
-- description: Sessions by the time from the first to the last event.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: length_group | Length | text | time from the first to the last event
-- column: sessions | Sessions | count | visits; a visit ends where a person does nothing for more than 30 minutes; by the month of its first event; of a category: visits with an event in it
-- column: depth | Mean depth | number | events a visit
-- column: buying_share | With a purchase | share | visits with a purchase
select length_group, sum(sessions) as sessions, sum(events)::double precision / nullif(sum(sessions), 0) as depth,
       sum(buying_sessions)::double precision / nullif(sum(sessions), 0) as buying_share
from mart.telemetry_sessions
where city = coalesce(%(city)s::text, '') and category = coalesce(%(category)s::text, '')
  and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
  and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  and (%(period_start)s::date is null
    or month >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or month <= %(period_end)s::date)
group by length_group
order by array_position(array['one event', 'under 1 min', '1 to 5 min', '5 to 15 min', '15 min and more'], length_group)
