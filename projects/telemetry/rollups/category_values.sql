-- Mean and standard deviation of the values of a category, for z-scores.
select
  coalesce(category, 'unknown') as category,
  avg(value) as mean_value,
  stddev_samp(value) as deviation
from events
where action = 'purchase'
group by coalesce(category, 'unknown')
