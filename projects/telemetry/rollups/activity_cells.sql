-- Distinct people and sums by day, week and month. Category '' is all categories: its people are counted, not added up.
with periods as (
  select 'day' as grain, day as period_start, * from person_days
  union all
  select 'week' as grain, to_date(date_trunc('week', day)) as period_start, * from person_days
  union all
  select 'month' as grain, to_date(date_trunc('month', day)) as period_start, * from person_days
),
chosen as (
  select
    grain, period_start, person_id, category, sum(events) as events, sum(views) as views, sum(carts) as carts,
    sum(checkouts) as checkouts, sum(orders) as orders, sum(revenue) as revenue, sum(outliers) as outliers,
    sum(outlier_revenue) as outlier_revenue
  from periods
  group by grain, period_start, person_id, category
  union all
  select
    grain, period_start, person_id, '' as category, sum(events) as events, sum(views) as views, sum(carts) as carts,
    sum(checkouts) as checkouts, sum(orders) as orders, sum(revenue) as revenue, sum(outliers) as outliers,
    sum(outlier_revenue) as outlier_revenue
  from periods
  group by grain, period_start, person_id
)
select
  c.grain,
  c.period_start,
  c.category,
  v.city,
  v.gender,
  v.age_group,
  count(*) as users,
  sum(int(c.views > 0)) as view_users,
  sum(int(c.carts > 0)) as cart_users,
  sum(int(c.checkouts > 0)) as checkout_users,
  sum(int(c.orders > 0)) as buyers,
  sum(c.events) as events,
  sum(c.orders) as orders,
  sum(c.revenue) as revenue,
  sum(c.outliers) as outliers,
  sum(c.outlier_revenue) as outlier_revenue
from chosen as c
join visitors as v on c.person_id = v.person_id
group by c.grain, c.period_start, c.category, v.city, v.gender, v.age_group
