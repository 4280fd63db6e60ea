-- title: Rows by day
-- description: Rows in the lake by the day of the event, without duplicates and quarantined rows.
-- empty: No source matches these filters, or ingest has not recorded its days yet.
-- column: day | Day | date | day of the event, in the time zone of the project
-- column: source | Source | text | declared source
-- column: rows | Rows | count | rows in the lake
select day, source, rows from ops.source_days
where project = %(project)s and (%(source)s::text[] is null or source = any (%(source)s::text[]))
  and day >= coalesce(%(period_start)s::date, (select max(day) - 89 from ops.source_days where project = %(project)s))
  and day <= coalesce(%(period_end)s::date, 'infinity')
order by source, day
