"""Raw files of each format to one shape: the text of every declared column, and where it came from.

`_file` is the place in the list of files, `_at` the place of the row in its file (see `stage`), `_raw` the row as
it stood there, `_fault` why it is no row of this format at all.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.ingest.quarantine import BLANK, HEADER
from lake.ingest.raw_files import RawFile, RawFileError, readable
from lake.source import Column, Constant, Source

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame, SparkSession

SEPARATORS = {"csv": ",", "tsv": "\t"}
BOM = b"\xef\xbb\xbf"


def check(source: Source, file: RawFile) -> tuple[str, ...]:
    """What distinguishes files that must be read apart: the header's text, or a Parquet file's columns.

    Raises:
        RawFileError: an empty file, one in another format, or one without a declared column.
    """
    if source.format == "jsonl":
        return ()
    return _parquet_columns(source, file) if source.format == "parquet" else (_header_line(source, file),)


def read(
    spark: "SparkSession", source: Source, files: Sequence[RawFile], kinds: Sequence[tuple[str, ...]], folder: Path
) -> "DataFrame":
    """All files as one frame: `_file`, `_at`, `_raw`, `_fault`, then each declared column as it stands there.

    Args:
        spark: the session.
        source: the declaration.
        files: checked files.
        kinds: what `check` said of each.
        folder: an empty folder for links: Spark passes over names that start with _ and expands [, {, * and ?.
    """
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F  # noqa: N812

    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, kind in enumerate(kinds):
        groups[kind].append(place)
    frames = []
    for number, (kind, places) in enumerate(groups.items()):
        links = folder / str(number)
        links.mkdir(parents=True)
        for place in places:
            suffix = ".gz" if files[place].path.suffix == ".gz" else ".raw"
            (links / f"{place}{suffix}").symlink_to(files[place].path.resolve())
        if source.format == "parquet":
            frames.append(_parquet(spark, source, kind, links))
        else:
            frames.append(_text(spark, source, kind, links))
    constants = {one.name: F.lit(one.text) for one in source.columns if isinstance(one, Constant)}
    return reduce(DataFrame.unionByName, frames).withColumns(constants)


def _text(spark: "SparkSession", source: Source, kind: tuple[str, ...], folder: Path) -> "DataFrame":
    from pyspark.sql import functions as F  # noqa: N812

    lines = spark.read.option("lineSep", "\n").text(str(folder)).select(
        _file_number().alias("_file"),
        # Rows of one file come in order; what is far into a large file is counted from its block's first byte.
        F.struct(
            F.col("_metadata.file_block_start").alias("block"), F.monotonically_increasing_id().alias("id")
        ).alias("_at"),
        F.when(F.endswith("value", F.lit("\r")), F.substring("value", F.lit(1), F.length("value") - 1))
        .otherwise(F.col("value")).alias("_raw"),
    )  # fmt: skip
    if source.format == "jsonl":
        return _fields_of_json(lines, source)
    header = kind[0]
    names = split_header(source, header)
    parsed = _with_fields(lines, source, len(names))
    fault = (
        F.when(F.col("_raw").isin(header, "\ufeff" + header), F.lit(HEADER))
        .when(F.length("_raw") == 0, F.lit(BLANK))
        .when(~F.is_valid_utf8("_raw"), F.lit("not UTF-8"))
        .when(F.col("_f").isNull(), F.lit("quotes do not balance, or not the fields of the header"))
        .when(F.size("_f") != len(names), _wrong_length(len(names)))
    )
    columns = [_field(source, names.index(_name_in(column, names))).alias(column.name) for column in source.in_files]
    return parsed.select("_file", "_at", "_raw", fault.alias("_fault"), *columns)


def _wrong_length(expected: int) -> "SparkColumn":
    from pyspark.sql import functions as F  # noqa: N812

    return F.concat(F.size("_f").cast("string"), F.lit(f" fields instead of the {expected} of the header"))


def _with_fields(lines: "DataFrame", source: Source, fields: int) -> "DataFrame":
    """Add the fields of a line as the array `_f`; null where quotes do not balance."""
    from pyspark.sql import functions as F  # noqa: N812

    simple = F.split("_raw", SEPARATORS[source.format], -1)
    if source.format == "tsv":
        return lines.withColumn("_f", simple)
    schema = ", ".join([*(f"f{place} string" for place in range(fields)), "_bad string"])
    # A quote in a quoted field is doubled (RFC 4180); a backslash is a letter.
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": "_bad", "escape": '"'}
    # A column of its own: written into each use of its fields, it would parse the line as many times.
    parsed = lines.withColumn("_q", F.when(F.instr("_raw", '"') > 0, F.from_csv("_raw", schema, options)))
    whole = F.array(*[F.coalesce(F.col(f"_q.f{place}"), F.lit("")) for place in range(fields)])
    return parsed.withColumn("_f", F.when(F.col("_q").isNull(), simple).when(F.col("_q._bad").isNull(), whole))


def _field(source: Source, place: int) -> "SparkColumn":
    from pyspark.sql import functions as F  # noqa: N812

    text = F.get("_f", F.lit(place))
    if source.format == "csv":
        return text
    plain = F.replace(text, F.lit("\\\\"), F.lit("\x00"))
    for escaped, meant in (("\\t", "\t"), ("\\n", "\n"), ("\\'", "'"), ("\x00", "\\")):
        plain = F.replace(plain, F.lit(escaped), F.lit(meant))
    # NUL stands for a backslash meanwhile: text that holds one stays as it is, and a key with it is put aside.
    return F.when((F.instr(text, "\\") == 0) | F.contains(text, F.lit("\x00")), text).otherwise(plain)


def _fields_of_json(lines: "DataFrame", source: Source) -> "DataFrame":
    from pyspark.sql import functions as F  # noqa: N812

    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": "_bad"}
    parsed = lines.withColumn("_f", F.from_json("_raw", _json_schema(source.in_files), options))
    fault = (
        F.when(F.length("_raw") == 0, F.lit(BLANK))
        .when(~F.is_valid_utf8("_raw"), F.lit("not UTF-8"))
        .when(F.col("_f").isNull() | F.col("_f._bad").isNotNull(), F.lit("not a JSON object"))
        .when(~F.startswith(F.ltrim("_raw"), F.lit("{")), F.lit("not a JSON object"))
    )
    columns = [_by_path(column).alias(column.name) for column in source.in_files]
    return parsed.select("_file", "_at", "_raw", fault.alias("_fault"), *columns)


def _by_path(column: Column) -> "SparkColumn":
    from pyspark.sql import functions as F  # noqa: N812

    found = F.col("_f")
    for part in column.raw_names[0].split("."):
        found = found[part]
    return found


def _json_schema(columns: Sequence[Column]) -> Any:
    from pyspark.sql.types import StringType, StructField, StructType

    tree: dict[str, Any] = {}
    for column in columns:
        *above, last = column.raw_names[0].split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        place[last] = None

    def struct(node: dict[str, Any]) -> StructType:
        return StructType([StructField(name, struct(of) if of else StringType()) for name, of in node.items()])

    return struct({**tree, "_bad": None})


def _parquet(spark: "SparkSession", source: Source, names: tuple[str, ...], folder: Path) -> "DataFrame":
    from pyspark.sql import functions as F  # noqa: N812

    rows = spark.read.parquet(str(folder))
    kinds = dict(rows.dtypes)
    place = F.struct(F.lit(0).cast("long").alias("block"), (F.col("_metadata.row_index") + 1).alias("id"))
    columns = [_name_in(column, names) for column in source.in_files]
    own = F.to_json(F.struct(*[F.col(f"`{name}`").cast("string").alias(name) for name in columns]))
    not_text = [~F.is_valid_utf8(F.col(f"`{name}`")) for name in columns if kinds[name] in {"binary", "string"}]
    broken = reduce(lambda one, other: one | other, not_text, F.lit(False))
    return rows.select(
        _file_number().alias("_file"), place.alias("_at"), own.alias("_raw"),
        F.when(broken, F.lit("not UTF-8")).alias("_fault"),
        *[_native(name, kinds[name]).alias(column.name) for name, column in zip(columns, source.in_files, strict=True)],
    )  # fmt: skip


def _native(name: str, kind: str) -> "SparkColumn":
    from pyspark.sql import functions as F  # noqa: N812

    return F.col(f"`{name}`").cast("string") if kind in {"binary", "decimal(20,0)"} else F.col(f"`{name}`")


def _file_number() -> "SparkColumn":
    from pyspark.sql import functions as F  # noqa: N812

    return F.substring_index("_metadata.file_name", ".", 1).cast("int")


def _name_in(column: Column, names: Sequence[str]) -> str:
    return next(name for name in column.raw_names if name in names)


def split_header(source: Source, line: str) -> list[str]:
    """The names in a header line."""
    return [name.strip().strip('"') for name in line.split(SEPARATORS[source.format])]


def _header_line(source: Source, file: RawFile) -> str:
    with readable(file.path) as content:
        first = content.readline()
    if not first.strip(b"\r\n \t" + BOM):
        raise RawFileError(f"{file.name} is empty: it must start with a header line; export it again.")
    try:
        line = first.removeprefix(BOM).decode("utf-8").rstrip("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise RawFileError(f"{file.name}: its header is not UTF-8; export it in that encoding.") from None
    names = split_header(source, line)
    _check_separator(source, file, names)
    _check_names(source, file, names)
    return line


def _check_separator(source: Source, file: RawFile, names: Sequence[str]) -> None:
    own = SEPARATORS[source.format]
    for other, called in ((";", "semicolon"), ("\t", "tab"), (",", "comma"), ("|", "bar")):
        if len(names) == 1 and other != own and other in names[0]:
            raise RawFileError(
                f"{file.name}: its fields are parted by a {called}, source {source.name} is {source.format}; "
                f"export it as {source.format}."
            )


def _check_names(source: Source, file: RawFile, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RawFileError(f"{file.name}: column {', '.join(twice)} is there twice; export it with one of each.")
    missing = [" or ".join(column.raw_names) for column in source.in_files if not set(column.raw_names) & set(names)]
    if missing:
        raise RawFileError(
            f"{file.name}: column {', '.join(missing)} is missing; it has {', '.join(names)}. "
            f"Export it with every column that source {source.name} declares."
        )


def _parquet_columns(source: Source, file: RawFile) -> tuple[str, ...]:
    from pyarrow import ArrowInvalid, parquet

    try:
        schema = parquet.read_schema(file.path)
    except (ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0].split(". ")[0]
        raise RawFileError(f"{file.name} is not a Parquet file ({reason}): export it again.") from None
    names = tuple(schema.names)
    _check_names(source, file, names)
    nanoseconds = [field.name for field in schema if str(field.type).startswith("timestamp[ns")]
    if nanoseconds:
        raise RawFileError(
            f"{file.name}: column {', '.join(nanoseconds)} counts nanoseconds, which Spark does not read; write it in "
            "microseconds (coerce_timestamps='us' in pandas and pyarrow)."
        )
    for column in source.in_files:
        kind = schema.field(_name_in(column, names)).type
        if not _can_become(kind, "bigint" if column.epoch else column.type):
            raise RawFileError(
                f"{file.name}: column {column.name} holds {kind}, and source {source.name} declares a {column.type}; "
                "export it as one, or declare what it is."
            )
    return names


def _can_become(kind: Any, wanted: str) -> bool:
    """Whether Spark tries to make one type of the other at all; what it tries and fails at is a row's own fault."""
    from pyarrow import types

    if wanted == "string" or types.is_dictionary(kind):
        return True
    if types.is_nested(kind) or types.is_time(kind):
        return False
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_boolean(kind)
    if wanted == "date":
        return not number
    if wanted == "timestamp":
        return not types.is_boolean(kind)
    return not (types.is_date(kind) or (types.is_timestamp(kind) and kind.tz is None))
