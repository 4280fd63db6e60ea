-- One row per cell and weekday, with 24 numbers, of hour 0 to 23: a row per hour would be 24 times as many.
select
  month,
  weekday,
  category,
  city,
  gender,
  age_group,
  concat('{', array_join(transform(sequence(0, 23), h -> coalesce(element_at(events_by_hour, h), 0)), ','), '}')
    as events_by_hour,
  concat('{', array_join(transform(sequence(0, 23), h -> coalesce(element_at(revenue_by_hour, h), 0)), ','), '}')
    as revenue_by_hour
from (
  select
    month, weekday, category, city, gender, age_group,
    map_from_entries(collect_list(struct(hour, events))) as events_by_hour,
    map_from_entries(collect_list(struct(hour, revenue))) as revenue_by_hour
  from hour_cells
  group by month, weekday, category, city, gender, age_group
)
