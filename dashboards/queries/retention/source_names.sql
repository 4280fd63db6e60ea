-- title: Sources
-- description: Declared sources with rows.
-- empty: Volumes are recorded by `ingest`: run it once with this release.
-- column: value | Source | text | declared source
-- column: label | Source | text | declared source
select source as value, source as label from ops.source_counts where project = %(project)s order by 1
