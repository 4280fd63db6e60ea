"""The raw files of a source as one Spark frame of text; one task reads a file whole, with `lake.ingestion.reader`.

`_file` is the place in the list of files, `_line` the line (Parquet: the row) where a record begins, from 1, `_raw` its
text, `_fault` why it is no record of this format, `_trimmed` whether invisible characters around a key were removed.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lake import dialect as dialect_module
from lake.dialect import Dialect
from lake.ingestion import dialect_signs, documents, native_text, plain_records, reader, text_lines
from lake.ingestion.raw_files import RawFile, RawFileError
from lake.ingestion.reader import FileColumn, ReadError, batch_schema, header_names, read_batches
from lake.source import NUMBERS, Column, Constant, Source

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: modules that a task on a worker needs.
READERS = (dialect_module, dialect_signs, documents, native_text, plain_records, reader, text_lines)
#: many small files share a task, since starting one costs more than reading one.
TASKS_PER_CORE = 3
#: what a task says of a file that it cannot read to its end: the file's place and the reason.
UNREADABLE = "PRICHAL_UNREADABLE_FILE"


def check(source: Source, file: RawFile) -> None:
    """See that a file is of the source's format and has every declared column.

    Raises:
        RawFileError: it is empty, of another format or dialect, or lacks a declared column.
    """
    if source.format == "parquet":
        _check_parquet(source, file)
    elif source.format != "jsonl":
        _check_header(source, file)


def read(spark: "SparkSession", source: Source, files: Sequence[RawFile]) -> "DataFrame":
    """All files as one frame: `_file`, `_line`, `_raw`, `_fault`, `_trimmed`, then each declared column as text.

    Args:
        spark: the session.
        source: the declaration.
        files: checked files.
    """
    from pyspark import cloudpickle
    from pyspark.sql import functions as F  # noqa: N812

    for module in READERS:  # a worker need not have this project
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
    columns = file_columns(source)
    paths = [file.path.resolve() for file in files]
    tasks = _balanced([path.stat().st_size for path in paths], TASKS_PER_CORE * spark.sparkContext.defaultParallelism)
    task = _reading(tasks, paths, source.format, source.written_as, columns)
    names = {"_line": "bigint", "_trimmed": "boolean"}
    kinds = ", ".join(f"`{name}` {names.get(name, 'string')}" for name in batch_schema(columns).names)
    rows = spark.range(0, len(tasks), 1, len(tasks)).mapInArrow(task, f"`_file` int, {kinds}")
    return rows.withColumns(
        {column.name: F.lit(column.text) for column in source.columns if isinstance(column, Constant)}
    )


def _balanced(sizes: Sequence[int], count: int) -> list[list[int]]:
    """The places of all files in at most `count` tasks, each file to the task with the fewest bytes so far."""
    tasks: list[list[int]] = [[] for _ in range(min(count, len(sizes)))]
    heap = [(0, number) for number in range(len(tasks))]
    for place in sorted(range(len(sizes)), key=lambda place: -sizes[place]):
        used, number = heapq.heappop(heap)
        tasks[number].append(place)
        heapq.heappush(heap, (used + sizes[place], number))
    return tasks


def _reading(
    tasks: Sequence[Sequence[int]], paths: Sequence[Path], form: str, dialect: Dialect, columns: Sequence[FileColumn]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def read_files(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for numbers in batches:
            for place in (place for number in numbers.column(0).to_pylist() for place in tasks[number]):
                try:
                    for batch in read_batches(paths[place], form, dialect, columns):
                        number = pa.array([place] * batch.num_rows, pa.int32())
                        yield pa.RecordBatch.from_arrays([number, *batch.columns], names=["_file", *batch.schema.names])
                except ReadError as error:
                    reason = "".join(letter for letter in str(error) if letter.isprintable())
                    raise ValueError(f"{UNREADABLE} {place} ({reason})") from None

    return read_files


def file_columns(source: Source) -> list[FileColumn]:
    """The columns that files of the source must hold, as a reader wants them."""
    return [
        FileColumn(column.name, column.raw_names, _kind(column), column.name in source.key_columns)
        for column in source.in_files
    ]


def _kind(column: Column) -> str:
    if column.type in NUMBERS or column.epoch:
        return "number"
    return {"date": "day", "timestamp": "moment"}.get(column.type, "text")


def _check_header(source: Source, file: RawFile) -> None:
    dialect = source.written_as
    try:
        names = header_names(file.path, dialect)
    except ReadError as error:
        if isinstance(error.__cause__, UnicodeError):
            raise RawFileError(
                f"{file.name}: its header is not {dialect.encoding.upper()} ({error}); export it in that encoding, or "
                f"declare the encoding of source {source.name}."
            ) from None
        raise RawFileError(f"{file.name} cannot be read ({error}): export it again.") from None
    if not names:
        raise RawFileError(f"{file.name} is empty: it must start with a header line; export it again.")
    _check_separator(source, file, names)
    _check_names(source, file, names)


def _check_separator(source: Source, file: RawFile, names: Sequence[str]) -> None:
    declared = source.written_as.separator
    for other, called in ((";", "semicolons"), ("\t", "tabs"), (",", "commas"), ("|", "bars")):
        if len(names) == 1 and other != declared and other in names[0]:
            raise RawFileError(
                f"{file.name}: its fields are separated by {called} («{names[0][:60]}»), source {source.name} declares "
                f"{declared!r}; export it so, or declare the dialect of the source."
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


def _check_parquet(source: Source, file: RawFile) -> None:
    from pyarrow import ArrowInvalid, parquet

    try:
        schema = parquet.read_schema(file.path)
    except (ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0].split(". ")[0]
        raise RawFileError(f"{file.name} is not a Parquet file ({reason}): export it again.") from None
    _check_names(source, file, schema.names)
    for column in source.in_files:
        kind = schema.field(next(name for name in column.raw_names if name in schema.names)).type
        if not _can_become(kind, "bigint" if column.epoch else column.type):
            raise RawFileError(
                f"{file.name}: column {column.name} holds {kind}, and source {source.name} declares a {column.type}; "
                "export it as one, or declare what it is."
            )


def _can_become(kind: Any, wanted: str) -> bool:
    """Whether values of a Parquet type can be of a declared type at all; each value is then checked by itself."""
    from pyarrow import types

    if wanted == "string" or types.is_dictionary(kind):
        return True
    if types.is_nested(kind) or types.is_time(kind):
        return False
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_boolean(kind)
    if wanted in {"date", "timestamp"}:
        return not number
    return not (types.is_date(kind) or types.is_timestamp(kind))
