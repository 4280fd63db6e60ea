"""Raw files to a typed, de-duplicated table, with every row accounted for."""

import gzip
import hashlib
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from lake.source import MONTH, Column, Source
from lake.table import Manifest, Table
from stack.errors import PrichalError
from stack.files import fresh_partial

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame, SparkSession

#: raise when the same files must be read anew because what we make of them changed.
VERSION = 1


class RawFileError(PrichalError):
    """A raw file as a whole cannot be used."""


class QuarantineError(PrichalError):
    """More rows are unusable than the source allows."""


@dataclass(frozen=True)
class Ingested:
    """What an ingest did; rows in = rows kept + duplicates + quarantined.

    `taken` is False where the same files were taken before and nothing had to be done.
    """

    source: str
    manifest: Manifest
    taken: bool


def ingest(spark: "Callable[[], SparkSession]", source: Source, raw: Path, table: Table) -> Ingested:
    """Read the source's files in the folder (or the one file) `raw` into `table`.

    Args:
        spark: gives the session; not called when these very files were taken before.
        source: the declaration.
        raw: a folder holding the source's files, or one file.
        table: where the rows go.

    Raises:
        RawFileError: no file, an empty one, or one without a declared column.
        QuarantineError: more rows are unusable than `source.max_quarantined`; the table keeps its old rows.
    """
    files = _files(source, raw)
    for file in files:
        _check_header(source, file)
    hashes = {file.name: _content_hash(file) for file in files}
    digest = hashlib.sha256(repr((VERSION, source, sorted(hashes.items()))).encode()).hexdigest()[:16]
    current = table.manifest()
    if current is not None and current.digest == digest:
        return Ingested(source.name, current, taken=False)
    manifest = _take(spark(), source, files, hashes, table, digest)
    return Ingested(source.name, manifest, taken=True)


def _take(
    spark: "SparkSession",
    source: Source,
    files: list[Path],
    hashes: dict[str, str],
    table: Table,
    digest: str,
) -> Manifest:
    from pyspark.sql import functions as F  # noqa: N812

    scratch = fresh_partial(table.folder / "raw")
    judged = _judge(spark, source, files, _link(files, scratch)).persist()
    try:
        rows_in, quarantined = judged.count(), judged.where("reason is not null").count()
        aside = table.quarantine / digest
        if quarantined:
            bad = judged.where("reason is not null").select("file", "raw", "reason")
            bad.coalesce(1).write.mode("overwrite").parquet(str(aside))
        _stop_if_too_many(source, judged, rows_in, quarantined, aside)
        good = judged.where("reason is null").select("typed.*")
        kept = _one_per_key(good, source.key) if source.key else good
        partial = fresh_partial(table.folder / digest)
        order = [source.event_time, source.entity]
        dated = kept.withColumn(MONTH, F.date_format(source.event_time, "yyyy-MM")).repartition(MONTH)
        dated.sortWithinPartitions(*order).write.partitionBy(MONTH).parquet(str(partial))
    finally:
        judged.unpersist()
        shutil.rmtree(scratch, ignore_errors=True)
    written = spark.read.parquet(str(partial))
    rows_kept = written.count()
    start, last = written.selectExpr(
        f"cast(min({source.event_time}) as date)", f"cast(max({source.event_time}) as date)"
    ).first()  # type: ignore[misc]
    manifest = Manifest(
        digest=digest, rows_in=rows_in, rows_kept=rows_kept, duplicates=rows_in - quarantined - rows_kept,
        quarantined=quarantined, start=start.isoformat(), end=(last + timedelta(days=1)).isoformat(), files=hashes,
    )  # fmt: skip
    table.publish(partial, manifest)
    return manifest


def _one_per_key(rows: "DataFrame", key: tuple[str, ...]) -> "DataFrame":
    """The largest row of each key, so that the answer does not depend on the order in which Spark sees them."""
    from pyspark.sql import functions as F  # noqa: N812

    return rows.groupBy(*key).agg(F.max(F.struct("*")).alias("kept")).select("kept.*")


def _judge(spark: "SparkSession", source: Source, files: list[Path], links: list[Path]) -> "DataFrame":
    """One row per raw row: its file, its text, the typed values, and why it cannot be used (null if it can)."""
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F  # noqa: N812

    names = [column.name for column in source.columns]
    read = [_as_text(spark, *pair).select(*names, "_malformed", "_file") for pair in zip(files, links, strict=True)]
    text = reduce(DataFrame.unionByName, read)
    reasons = [F.when(F.col("_malformed").isNotNull(), F.lit("not as many fields as the header"))]
    for column in source.columns:
        reasons += _reasons(column)
    typed = F.struct(*[F.expr(_cast(column)).alias(column.name) for column in source.columns])
    raw = F.coalesce(F.col("_malformed"), F.concat_ws(",", *[F.coalesce(F.col(name), F.lit("")) for name in names]))
    return text.select(
        F.col("_file").alias("file"),
        raw.alias("raw"),
        typed.alias("typed"),
        F.coalesce(*reasons).alias("reason"),
    )


def _link(files: list[Path], folder: Path) -> list[Path]:
    """Links of plain names to the files: Spark passes over names that start with _ and expands [, {, * and ?."""
    folder.mkdir(parents=True)
    links = [folder / f"{place}{file.suffix}" for place, file in enumerate(files)]
    for link, file in zip(links, files, strict=True):
        link.symlink_to(file.resolve())
    return links


def _as_text(spark: "SparkSession", file: Path, link: Path) -> "DataFrame":
    """The file's fields as text, in the order of its own header; a row of another length in `_malformed`."""
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import StringType, StructField, StructType

    schema = StructType([StructField(name, StringType()) for name in [*_header(file), "_malformed"]])
    reader = spark.read.option("header", True).option("mode", "PERMISSIVE").option("encoding", "UTF-8")
    reader = reader.option("escape", '"')  # a quote in a quoted field is doubled (RFC 4180); a backslash is a letter
    rows = reader.option("columnNameOfCorruptRecord", "_malformed").schema(schema).csv(str(link))
    return rows.withColumn("_file", F.lit(file.name))


def _reasons(column: Column) -> "list[SparkColumn]":
    from pyspark.sql import functions as F  # noqa: N812

    text, value = F.col(column.name), F.expr(_cast(column))
    empty = text.isNull() | (F.trim(text) == "")
    found = [F.when(~empty & value.isNull(), F.concat(F.lit(f"{column.name}: not a {column.type}: "), text))]
    if not column.nullable:
        found.append(F.when(empty, F.lit(f"{column.name}: empty")))
    if column.lowest is not None:
        found.append(F.when(value < column.lowest, F.concat(F.lit(f"{column.name}: below {column.lowest:g}: "), text)))
    if column.type in {"date", "timestamp"}:
        impossible = (value < F.lit("1900-01-01").cast("date")) | (value >= F.lit("2200-01-01").cast("date"))
        found.append(F.when(impossible, F.concat(F.lit(f"{column.name}: outside 1900 to 2199: "), text)))
    if column.type == "double":
        found.append(
            F.when(
                F.isnan(value) | (F.abs(value) == float("inf")),
                F.concat(F.lit(f"{column.name}: not finite: "), text),
            )
        )
    return found


#: what a text must look like: Spark's own casts also take '1997', '12:30', '12d' and '0x1p3'.
SHAPES = {
    "bigint": r"[+-]?\\d+",
    "double": r"[+-]?(\\d+[.]?\\d*|[.]\\d+)([eE][+-]?\\d+)?|[+-]?Infinity|NaN",
    "date": r"\\d{4}-\\d{2}-\\d{2}",
    "timestamp": r"\\d{4}-\\d{2}-\\d{2}[ T]\\d{2}:\\d{2}(:\\d{2}([.]\\d+)?)?(Z|[+-]\\d{2}:?\\d{2})?",
}


def _cast(column: Column) -> str:
    if column.type == "string":
        return f"nullif(trim({column.name}), '')"
    shape = f"trim({column.name}) rlike '^({SHAPES[column.type]})$'"
    return f"case when {shape} then try_cast(trim({column.name}) as {column.type}) end"


def _stop_if_too_many(source: Source, judged: "DataFrame", rows_in: int, quarantined: int, aside: Path) -> None:
    if rows_in == 0:
        raise RawFileError(f"Source {source.name}: its files hold a header and no row; export them again.")
    share = quarantined / rows_in
    if share <= source.max_quarantined and quarantined < rows_in:
        return
    first = judged.where("reason is not null").select("reason").first()
    raise QuarantineError(
        f"Source {source.name}: {quarantined} of {rows_in} rows ({share:.1%}) cannot be used, at most "
        f"{source.max_quarantined:.1%} may; the first says «{first[0] if first else ''}». "
        f"The rows and their reasons are in "
        f"{aside}; mend the export, or raise max_quarantined of the source. The table was left as it was."
    )


def _files(source: Source, raw: Path) -> list[Path]:
    if not raw.exists():
        raise RawFileError(f"Raw data {raw} does not exist: give the folder (or file) of the exports.")
    found = sorted(raw.glob(source.files)) if raw.is_dir() else [raw]
    if not found:
        raise RawFileError(f"Source {source.name}: no file in {raw} is named like {source.files}.")
    return found


def _check_header(source: Source, file: Path) -> None:
    header = _header(file)
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise RawFileError(f"{file.name}: column {', '.join(twice)} is there twice; export it with one of each.")
    missing = [column.name for column in source.columns if column.name not in header]
    if missing:
        raise RawFileError(
            f"{file.name}: column {', '.join(missing)} is missing; it has {', '.join(header)}. "
            f"Export it with every column that source {source.name} declares."
        )


def _header(file: Path) -> list[str]:
    with _readable(file) as content:
        first = content.readline().decode("utf-8", errors="replace").strip()
    if not first:
        raise RawFileError(f"{file.name} is empty: it must start with a header line; export it again.")
    return [name.strip().strip('"') for name in first.split(",")]


def _content_hash(file: Path) -> str:
    """SHA-256 of the file's unpacked bytes; reading them all also finds a truncated archive before Spark does."""
    digest = hashlib.sha256()
    with _readable(file) as content:
        while chunk := content.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _readable(file: Path) -> Iterator[IO[bytes]]:
    try:
        with file.open("rb") as packed:
            yield cast(IO[bytes], gzip.GzipFile(fileobj=packed)) if file.suffix == ".gz" else packed
    except (OSError, EOFError, zlib.error) as error:
        raise RawFileError(f"{file.name} cannot be read ({error}): export it again.") from None
