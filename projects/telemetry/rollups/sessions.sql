-- The cells, and city '' for all cities.
select
  month, category, city, gender, age_group, length_group, sessions, seconds, events, cart_sessions, buying_sessions
from session_cells
union all
select
  month, category, '' as city, gender, age_group, length_group, sum(sessions) as sessions, sum(seconds) as seconds,
  sum(events) as events, sum(cart_sessions) as cart_sessions, sum(buying_sessions) as buying_sessions
from session_cells
group by month, category, gender, age_group, length_group
