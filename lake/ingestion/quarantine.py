"""What cannot be used: file, position, raw text and reason of every row, as Parquet beside the tables."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lake.source import Source

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def located(rows: "DataFrame", names: Mapping[int, str], source: Source) -> "DataFrame":
    """Add `file` and `position`: the line of a text file in which the record begins, the row of a Parquet file, from 1.

    Args:
        rows: some rows of a batch, with `_file` and `_line`.
        names: place in the batch -> the file's name.
        source: the declaration.
    """
    from pyspark.sql import functions as F  # noqa: N812

    files = F.create_map(*[F.lit(part) for pair in names.items() for part in pair])
    unit = "row " if source.format == "parquet" else "line "
    position = F.concat(F.lit(unit), F.col("_line").cast("string"))
    return rows.withColumn("file", files[F.col("_file")]).withColumn("position", position)
