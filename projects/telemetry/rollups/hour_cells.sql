-- Events and revenue by month, weekday (1 is Monday) and hour. Empty category or city: all of them.
with cells as (
  select
    to_date(date_trunc('month', e.happened_at)) as month,
    1 + datediff(to_date(e.happened_at), to_date(date_trunc('week', e.happened_at))) as weekday,
    hour(e.happened_at) as hour,
    coalesce(e.category, 'unknown') as category,
    v.city,
    v.gender,
    v.age_group,
    count(*) as events,
    sum(case when e.action = 'purchase' then coalesce(e.value, 0) else 0 end) as revenue
  from events as e
  join visitors as v on e.person_id = v.person_id
  group by
    to_date(date_trunc('month', e.happened_at)),
    1 + datediff(to_date(e.happened_at), to_date(date_trunc('week', e.happened_at))),
    hour(e.happened_at), coalesce(e.category, 'unknown'), v.city, v.gender, v.age_group
),
with_all_cities as (
  select * from cells
  union all
  select month, weekday, hour, category, '' as city, gender, age_group, sum(events) as events, sum(revenue) as revenue
  from cells
  group by month, weekday, hour, category, gender, age_group
)
select * from with_all_cities
union all
select month, weekday, hour, '' as category, city, gender, age_group, sum(events) as events, sum(revenue) as revenue
from with_all_cities
group by month, weekday, hour, city, gender, age_group
