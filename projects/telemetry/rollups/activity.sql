-- The cells, and city '' for all cities: a person has one city, so the people of cities can be added up.
select
  grain, period_start, category, city, gender, age_group, users, view_users, cart_users, checkout_users, buyers,
  events, orders, revenue, outliers, outlier_revenue
from activity_cells
union all
select
  grain, period_start, category, '' as city, gender, age_group, sum(users) as users, sum(view_users) as view_users,
  sum(cart_users) as cart_users, sum(checkout_users) as checkout_users, sum(buyers) as buyers, sum(events) as events,
  sum(orders) as orders, sum(revenue) as revenue, sum(outliers) as outliers, sum(outlier_revenue) as outlier_revenue
from activity_cells
group by grain, period_start, category, gender, age_group
