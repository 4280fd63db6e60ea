"""What cannot be used: file, position, raw text and reason of every row, as Parquet beside the tables."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lake.source import Source

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: lines that are no rows: the header that every file begins with, and empty ones.
HEADER, BLANK = "header", "blank"


def located(rows: "DataFrame", staged: "DataFrame", names: Mapping[int, str], source: Source) -> "DataFrame":
    """Add `file` and `position`: the line of a text file, the row of a Parquet file, counted from 1.

    A large file that is not packed is read in blocks; in a later one the line is counted from the block's first byte.

    Args:
        rows: some rows of a batch, with `_file` and `_at`.
        staged: the whole batch.
        names: place in the batch -> the file's name.
        source: the declaration.
    """
    from pyspark.sql import functions as F  # noqa: N812

    files = F.create_map(*[F.lit(part) for pair in names.items() for part in pair])
    named = rows.withColumn("file", files[F.col("_file")]).withColumn("_block", F.col("_at.block"))
    if source.format == "parquet":
        return named.withColumn("position", F.concat(F.lit("row "), F.col("_at.id").cast("string")))
    wanted = named.select("_file", "_block").distinct()
    blocks = staged.withColumn("_block", F.col("_at.block")).join(wanted, ["_file", "_block"], "left_semi")
    first = blocks.groupBy("_file", "_block").agg(F.min("_at.id").alias("_first"))
    line = F.concat(F.lit("line "), (F.col("_at.id") - F.col("_first") + 1).cast("string"))
    after = F.when(F.col("_block") > 0, F.concat(F.lit(" after byte "), F.col("_block").cast("string")))
    found = named.join(first, ["_file", "_block"])
    return found.withColumn("position", F.concat(line, F.coalesce(after, F.lit(""))))
