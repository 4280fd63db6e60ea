-- Events of a person on a day in a category.
select
  e.person_id,
  e.day,
  e.category,
  e.events,
  e.views,
  e.carts,
  e.checkouts,
  coalesce(p.orders, 0) as orders,
  coalesce(p.revenue, 0) as revenue,
  coalesce(p.outliers, 0) as outliers,
  coalesce(p.outlier_revenue, 0) as outlier_revenue
from (
  select
    person_id,
    to_date(happened_at) as day,
    coalesce(category, 'unknown') as category,
    count(*) as events,
    sum(int(action = 'view')) as views,
    sum(int(action = 'cart')) as carts,
    sum(int(action = 'checkout')) as checkouts
  from events
  group by person_id, to_date(happened_at), coalesce(category, 'unknown')
) as e
left join (
  select
    person_id,
    day,
    category,
    count(*) as orders,
    sum(value) as revenue,
    sum(int(is_outlier)) as outliers,
    sum(case when is_outlier then value else 0 end) as outlier_revenue
  from purchases
  group by person_id, day, category
) as p on e.person_id = p.person_id and e.day = p.day and e.category = p.category
