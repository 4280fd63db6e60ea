-- title: Sessions
-- description: A session ends where a person does nothing for more than 30 minutes.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: sessions | Sessions | count | visits; a visit ends where a person does nothing for more than 30 minutes; by the month of its first event; of a category: visits with an event in it
-- column: length_minutes | Mean length | minutes | time from the first to the last event of a visit
-- column: depth | Mean depth | number | events a visit
-- column: cart_share | With a cart | share | visits with something put into the cart
-- column: buying_share | With a purchase | share | visits with a purchase
select sum(sessions) as sessions, sum(seconds) / 60 / nullif(sum(sessions), 0) as length_minutes,
       sum(events)::double precision / nullif(sum(sessions), 0) as depth,
       sum(cart_sessions)::double precision / nullif(sum(sessions), 0) as cart_share,
       sum(buying_sessions)::double precision / nullif(sum(sessions), 0) as buying_share
from mart.telemetry_sessions
where city = coalesce(%(city)s::text, '') and category = coalesce(%(category)s::text, '')
  and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
  and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  and (%(period_start)s::date is null
    or month >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or month <= %(period_end)s::date)
having count(*) > 0
