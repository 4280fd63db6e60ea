"""Rollups: tables of aggregates for pages, computed from the lake and loaded to the mart in one transaction."""

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
from psycopg import sql

from lake import Table
from lake.declarations import DeclarationError
from stack.engines.engine import Engine
from stack.errors import PrichalError
from stack.folders.atomic import fresh_partial
from stack.postgres import connect

#: the type of bigint columns in PostgreSQL's catalogue.
BIGINT = 20


class RollupError(PrichalError):
    """A rollup cannot be loaded to its table."""


@dataclass(frozen=True)
class Rollups:
    """The rollups of a project.

    Each name is a file `<name>.sql` of the folder, written as Spark reads it. It queries the project's sources and the
    views before it by name, and `lake_months`: rows of each source and month that were valid, kept, duplicates and
    contradictions.

    Attributes:
        folder: of the SQL files.
        views: queries that are computed once, in this order.
        tables: queries that are loaded to `mart.<project>_<name>`. A migration creates these tables; the columns of a
            query are columns of its table.
    """

    folder: Path
    views: tuple[str, ...]
    tables: tuple[str, ...]

    def __post_init__(self) -> None:
        missing = [name for name in (*self.views, *self.tables) if not (self.folder / f"{name}.sql").is_file()]
        if missing:
            raise DeclarationError(f"Rollup {missing[0]} has no file {missing[0]}.sql in {self.folder}; add it.")

    def read(self, name: str) -> str:
        """The SQL of a view or table."""
        return (self.folder / f"{name}.sql").read_text()


def compute_rollups(engine: Engine, rollups: Rollups, sources: Mapping[str, Table], folder: Path) -> dict[str, Path]:
    """Compute every table of the rollups as Parquet below `folder`; table name -> its folder.

    Args:
        engine: runs the queries.
        rollups: the declaration.
        sources: the lake's tables by source.
        folder: replaced.

    Raises:
        UnknownTableError: a source was not ingested yet.
    """
    for name, table in sources.items():
        engine.show_files(name, table.folders())
    engine.show("lake_months", _months_sql(sources))
    for name in rollups.views:
        engine.keep(name, rollups.read(name))
    written = {}
    for name in rollups.tables:
        written[name] = folder / name
        engine.save(rollups.read(name), written[name])
    for name in reversed(rollups.views):
        engine.drop(name)
    return written


def publish_rollups(database_url: str, project: str, written: Mapping[str, Path]) -> dict[str, int]:
    """Replace the rows of the project's rollup tables; readers see all old rows or all new ones.

    Args:
        database_url: URL of the login of the steps.
        project: name of the project.
        written: folder of Parquet files by table.

    Returns:
        Number of rows by table.

    Raises:
        RollupError: a table does not exist or lacks a column.
    """
    counts = {}
    with connect(database_url, role="prichal_writer") as connection:
        for name, folder in written.items():
            counts[name] = _replace_rows(connection, f"{project}_{name}", folder)
    with connect(database_url, role="prichal_writer") as connection:
        for name in written:
            # Without statistics of the new rows, PostgreSQL reads whole tables.
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier("mart", f"{project}_{name}")))
    return counts


def replace_rollups(
    engine: Engine, database_url: str, project: str, rollups: Rollups, sources: Mapping[str, Table], folder: Path
) -> dict[str, int]:
    """Compute the rollups from the lake and load them to the mart; number of rows by table.

    `folder` is of the Parquet files, which are removed afterwards. Raises what the two parts raise.
    """
    partial = fresh_partial(folder)
    try:
        return publish_rollups(database_url, project, compute_rollups(engine, rollups, sources, partial))
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _months_sql(sources: Mapping[str, Table]) -> str:
    """SQL of the rows of each source and month: valid ones, kept ones, duplicates and contradictions."""
    lines = []
    for source, table in sources.items():
        manifest = table.require()
        valid = Counter[str]()
        for file in manifest.files.values():
            valid.update(file.months)
        for name, month in sorted(manifest.months.items()):
            duplicates = valid[name] - month.rows_kept - month.contradictions
            lines.append(
                f"('{source}', '{name}', {valid[name]}, {month.rows_kept}, {duplicates}, {month.contradictions})"
            )
    columns = "source, month, valid_rows, kept_rows, duplicates, contradictions"
    return f"select * from values {', '.join(lines)} as lake_months ({columns})"


def _replace_rows(connection: psycopg.Connection, table: str, folder: Path) -> int:
    target = sql.Identifier("mart", table)
    rows = 0
    try:
        connection.execute(sql.SQL("delete from {}").format(target))
        for file in sorted(folder.glob("*.parquet")):
            content = parquet.ParquetFile(file)
            schema = _schema(connection, target, content.schema_arrow)
            columns = sql.SQL(", ").join(map(sql.Identifier, content.schema_arrow.names))
            statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(target, columns)
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                for batch in content.iter_batches():
                    buffer = pa.BufferOutputStream()
                    arrow_csv.write_csv(batch.cast(schema), buffer, arrow_csv.WriteOptions(include_header=False))
                    copy.write(buffer.getvalue().to_pybytes())
                    rows += batch.num_rows
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        raise RollupError(
            f"Table mart.{table} cannot take its rollup ({str(error).splitlines()[0]}): a migration must create the "
            "table with every column of its query."
        ) from None
    return rows


def _schema(connection: psycopg.Connection, target: sql.Identifier, schema: pa.Schema) -> pa.Schema:
    """The schema with whole numbers for bigint columns: DuckDB's sum of whole numbers is a double in Parquet."""
    cursor = connection.execute(sql.SQL("select * from {} limit 0").format(target))
    whole = {column.name for column in cursor.description or () if column.type_code == BIGINT}
    return pa.schema([field.with_type(pa.int64()) if field.name in whole else field for field in schema])
