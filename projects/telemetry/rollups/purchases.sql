-- One row per purchase. A value is an outlier if it lies more than 3 standard deviations from the mean of its category
-- (z-score). It stays in revenue, and is counted apart.
select
  p.person_id,
  to_date(p.happened_at) as day,
  hour(p.happened_at) as hour,
  coalesce(p.category, 'unknown') as category,
  coalesce(p.value, 0) as value,
  coalesce(abs(p.value - c.mean_value) > 3 * c.deviation, false) as is_outlier
from events as p
join category_values as c on coalesce(p.category, 'unknown') = c.category
where p.action = 'purchase'
