-- Categories by the age of the person's youngest child.
with cells as (
  select
    to_date(date_trunc('month', d.day)) as month,
    d.category,
    v.city,
    v.gender,
    v.age_group,
    v.child_group,
    sum(d.events) as events,
    sum(d.orders) as orders,
    sum(d.revenue) as revenue
  from person_days as d
  join visitors as v on d.person_id = v.person_id
  group by to_date(date_trunc('month', d.day)), d.category, v.city, v.gender, v.age_group, v.child_group
)
select month, category, city, gender, age_group, child_group, events, orders, revenue from cells
union all
select
  month, category, '' as city, gender, age_group, child_group, sum(events) as events, sum(orders) as orders,
  sum(revenue) as revenue
from cells
group by month, category, gender, age_group, child_group
