-- title: Rows in and out
-- description: Rows that ingest read: rows in = kept + duplicates + quarantined. Quarantined rows are in the lake with file, position and reason.
-- empty: Volumes are recorded by `ingest`: run it once with this release.
-- column: source | Source | text | declared source
-- column: rows_in | Rows in | count | rows of all files
-- column: rows_kept | Kept | count | rows in the lake
-- column: duplicates | Duplicates | count | rows with the key of a newer row
-- column: quarantined | Quarantined | count | rows that cannot be used
-- column: reasons | Reasons | text | number of quarantined rows by reason
select source, rows_in, rows_kept, duplicates, quarantined, reasons from ops.source_counts
where project = %(project)s and (%(source)s::text[] is null or source = any (%(source)s::text[]))
order by quarantined desc, source
