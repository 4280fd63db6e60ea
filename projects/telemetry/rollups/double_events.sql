-- Events that the log has twice, by month: dropped at ingest, and counted.
select
  to_date(concat(month, '-01')) as month,
  valid_rows,
  kept_rows,
  duplicates,
  contradictions
from lake_months
where source = 'events'
