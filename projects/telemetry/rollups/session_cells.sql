-- Sessions by length.
select
  s.month,
  s.category,
  v.city,
  v.gender,
  v.age_group,
  case
    when s.events = 1 then 'one event'
    when s.seconds < 60 then 'under 1 min'
    when s.seconds < 300 then '1 to 5 min'
    when s.seconds < 900 then '5 to 15 min'
    else '15 min and more'
  end as length_group,
  count(*) as sessions,
  sum(s.seconds) as seconds,
  sum(s.events) as events,
  sum(s.has_cart) as cart_sessions,
  sum(s.has_purchase) as buying_sessions
from visits as s
join visitors as v on s.person_id = v.person_id
group by
  s.month, s.category, v.city, v.gender, v.age_group,
  case
    when s.events = 1 then 'one event'
    when s.seconds < 60 then 'under 1 min'
    when s.seconds < 300 then '1 to 5 min'
    when s.seconds < 900 then '5 to 15 min'
    else '15 min and more'
  end
