"""What cannot be used: file, position, raw text and reason of every row, as Parquet beside the tables."""

from collections.abc import Mapping

from lake.column import quoted
from lake.source import Source


def position_sql(names: Mapping[int, str], source: Source) -> str:
    """SQL of `file` and `position`: the line where a record begins, or the row of a Parquet file, from 1.

    Args:
        names: place in the batch -> the file's name.
        source: the declaration.
    """
    files = " ".join(f"when {place} then {quoted(name)}" for place, name in names.items())
    unit = "row " if source.format == "parquet" else "line "
    return f"case _file {files} end as file, concat('{unit}', cast(_line as string)) as position"
