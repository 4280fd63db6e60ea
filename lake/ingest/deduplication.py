"""One row per key: of rows about one event that of the latest drop counts.

Where the latest drop itself holds different rows for a key, none can be believed: they are contradictions.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from lake.source import CONTENT, DROP, HASH, MONTH, Source

#: where a row stood: batch, place of its file, and its number there.
ROW, FATE = "_row", "_fate"
DUPLICATE, CONTRADICTION = "duplicate", "contradiction"


@contextmanager
def passed_over(rows: DataFrame, source: Source) -> Iterator[DataFrame | None]:
    """The rows that do not count: `_row`, the month, and `_fate`; None if all count.

    Most keys are there once. Those are told by a count over hashes; only the rest is sorted, and only what
    decides: keys, drops and a hash of the content.
    """
    if source.key is None:
        yield None
        return
    repeated = rows.groupBy(HASH).count().where("count > 1").select(HASH).persist()
    narrow = rows.select(*{*source.key, HASH, CONTENT, DROP, MONTH, ROW})
    fates = _fates(narrow.join(repeated, HASH, "left_semi"), source.key).persist()
    try:
        # Counted, they have a size that Spark knows when it plans the next join.
        yield fates if fates.count() else None
    finally:
        fates.unpersist()
        repeated.unpersist()


def _fates(rows: DataFrame, key: tuple[str, ...]) -> DataFrame:
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
    fate = (
        F.when(F.col("differ") & F.col("_latest"), F.lit(CONTRADICTION))
        .when(F.col("differ") | (F.col("rank") > 1), F.lit(DUPLICATE))
        .alias(FATE)
    )
    return ranked.select(ROW, MONTH, fate).where(F.col(FATE).isNotNull())
