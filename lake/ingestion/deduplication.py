"""One row per key: for each key, keep the row from the newest batch of the export (its drop).

If the newest batch itself holds different rows for a key, none is kept: they are contradictions.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from lake.source import CONTENT, DROP, HASH, MONTH, Source

#: the position of a row (batch, place of its file, number in the file), and why it is not kept.
ROW, RESOLUTION = "_row", "_resolution"
DUPLICATE, CONTRADICTION = "duplicate", "contradiction"


@contextmanager
def superseded_rows(rows: DataFrame, source: Source) -> Iterator[DataFrame | None]:
    """The rows that are not kept: `_row`, the month, and `_resolution`; None if all rows are kept.

    Most keys occur once, which a count over hashes shows. Only the other rows are sorted, and only by key, drop and
    a hash of the content.
    """
    if source.key is None:
        yield None
        return
    repeated = rows.groupBy(HASH).count().where("count > 1").select(HASH).persist()
    narrow = rows.select(*{*source.key, HASH, CONTENT, DROP, MONTH, ROW})
    resolutions = _resolutions(narrow.join(repeated, HASH, "left_semi"), source.key).persist()
    try:
        # The count tells Spark the size of the frame, which it needs to plan the next join.
        yield resolutions if resolutions.count() else None
    finally:
        resolutions.unpersist()
        repeated.unpersist()


def _resolutions(rows: DataFrame, key: tuple[str, ...]) -> DataFrame:
    same = Window.partitionBy(*key)
    newest = same.orderBy(F.col(DROP).desc(), F.col(ROW).desc())
    latest = rows.withColumn("_latest", F.max(DROP).over(same) == F.col(DROP))
    content = F.when(F.col("_latest"), F.col(CONTENT))
    ranked = latest.select(
        ROW,
        MONTH,
        "_latest",
        F.row_number().over(newest).alias("rank"),
        (F.min(content).over(same) != F.max(content).over(same)).alias("differ"),
    )
    resolution = (
        F.when(F.col("differ") & F.col("_latest"), F.lit(CONTRADICTION))
        .when(F.col("differ") | (F.col("rank") > 1), F.lit(DUPLICATE))
        .alias(RESOLUTION)
    )
    return ranked.select(ROW, MONTH, resolution).where(F.col(RESOLUTION).isNotNull())
