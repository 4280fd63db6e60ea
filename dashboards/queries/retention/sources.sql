-- title: Sources
-- description: Rows of each source in the lake. Undated sources have one day, 1900-01-01.
-- empty: Volumes are recorded by `ingest`: run it once with this release.
-- column: source | Source | text | declared source
-- column: first_day | First day | date | first day with a row
-- column: last_day | Last day | date | last day with a row
-- column: late_days | Days behind | days | last day of any source - last day of this source
-- column: days | Days with rows | count | days with at least one row
-- column: wait_days | Lateness of rows | days | mean number of days from an event until its row was known
-- column: rows | Rows | count | rows in the lake, without duplicates
select source, min(day) as first_day, max(day) as last_day, max(max(day)) over () - max(day) as late_days,
       count(*) as days, sum(late_days * rows) / sum(rows) as wait_days, sum(rows) as rows
from ops.source_days where project = %(project)s group by source order by source
