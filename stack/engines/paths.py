"""Paths escaped for Spark and DuckDB, which treat some characters as patterns."""

import re
from pathlib import Path


def spark_path(path: Path) -> str:
    r"""A path for `spark.read`, which otherwise expands `[a]`, `{a,b}`, `*` and `?` in it.

    >>> spark_path(Path("/data/it's [a] {b}"))
    "/data/it's \\[a\\] \\{b\\}"
    """
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", str(path))


def duckdb_path(path: Path) -> str:
    """A path for DuckDB's Parquet reader, which otherwise expands `[a]`, `*` and `?` in it.

    >>> duckdb_path(Path("/data/it's [a]"))
    "/data/it's [[]a]"
    """
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def sql_text(path: Path) -> str:
    """A path as a text literal of DuckDB's SQL.

    >>> sql_text(Path("/data/it's"))
    "'/data/it''s'"
    """
    return "'" + str(path).replace("'", "''") + "'"
