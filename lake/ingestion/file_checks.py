"""Checks of a raw file before it is read: format, header, declared columns."""

from collections.abc import Sequence
from typing import Any

from lake.ingestion.raw_files import RawFile, RawFileError
from lake.ingestion.reader import ReadError, header_names
from lake.source import Source


def check(source: Source, file: RawFile) -> None:
    """See that a file is of the source's format and has every declared column.

    Raises:
        RawFileError: it is empty, of another format or dialect, or lacks a declared column.
    """
    if source.format == "parquet":
        _check_parquet(source, file)
    elif source.format != "jsonl":
        _check_header(source, file)


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
