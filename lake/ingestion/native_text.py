"""Parquet: the values of declared columns as exact texts, whatever type they were written in."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet, types

BATCH_ROWS = 50_000
#: the largest whole number up to which every whole number is a float of its own.
EXACT_FLOAT = 2**53
NOT_UTF8 = "not UTF-8"
TOO_LARGE = "a float beyond 2^53, which may stand for several whole numbers"


class _Column(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def raw_names(self) -> tuple[str, ...]: ...
    @property
    def kind(self) -> str: ...


def parquet_rows(path: Path, columns: Sequence[_Column]) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file in the shape of `lake.ingestion.reader.batch_schema`."""
    with parquet.ParquetFile(path) as file:
        names = file.schema_arrow.names
        file_names = [next(name for name in column.raw_names if name in names) for column in columns]
        number = 1
        for batch in file.iter_batches(BATCH_ROWS, columns=list(dict.fromkeys(file_names))):
            yield _batch(batch, columns, file_names, number)
            number += batch.num_rows


def _batch(batch: pa.RecordBatch, columns: Sequence[_Column], file_names: Sequence[str], number: int) -> pa.RecordBatch:
    texts, faults = {}, pa.nulls(batch.num_rows, pa.string())
    for name, column in zip(file_names, columns, strict=True):
        texts[column.name], fault = native_text(batch.column(batch.schema.get_field_index(name)), column.kind)
        faults = pc.coalesce(faults, fault)
    fixed = {
        "_line": pa.array(number + np.arange(batch.num_rows)), "_raw": pa.nulls(batch.num_rows, pa.string()),
        "_fault": faults, "_trimmed": pa.array(np.zeros(batch.num_rows, dtype=bool)),
    }  # fmt: skip
    return pa.RecordBatch.from_pydict(fixed | texts)


def native_text(values: pa.Array, kind: str = "text") -> tuple[pa.Array, pa.Array]:
    """Values as text, and for each the reason why it has no exact text, or null.

    A whole number that was written as a float or a decimal is the text of a whole number; a float beyond 2^53 may
    stand for several, so it is not taken for an id. Moments are ISO text, in UTC where they have a zone.

    Args:
        values: of any type.
        kind: `number`, `day`, `moment` or `text`, of the column that is wanted.
    """
    if types.is_dictionary(values.type):
        values = values.dictionary_decode()
    of, sound = values.type, pa.nulls(len(values), pa.string())
    if types.is_binary(of) or types.is_large_binary(of) or types.is_fixed_size_binary(of):
        return _decoded(values)
    if types.is_floating(of) and kind == "text":
        numbers = values.cast(pa.float64())
        is_large = pc.fill_null(pc.greater(pc.abs(numbers), float(EXACT_FLOAT)), False)
        return _float_text(numbers), pc.if_else(is_large, pa.scalar(TOO_LARGE), sound)
    return _text(values, kind), sound


def _text(values: pa.Array, kind: str) -> pa.Array:
    of = values.type
    if types.is_floating(of):
        return _float_text(values.cast(pa.float64()))
    if types.is_decimal(of):
        return pa.array([None if value is None else _decimal_text(value) for value in values.to_pylist()], pa.string())
    if types.is_timestamp(of):
        return _moment_text(values, kind)
    if types.is_date(of) and kind == "moment":
        return pc.binary_join_element_wise(values.cast(pa.string()), "00:00:00", " ")
    if types.is_boolean(of) and kind == "number":
        return values.cast(pa.int8()).cast(pa.string())
    if types.is_nested(of):
        texts = [
            None if value is None else json.dumps(value, ensure_ascii=False, default=str)
            for value in values.to_pylist()
        ]
        return pa.array(texts, pa.string())
    return values.cast(pa.string())


def _moment_text(values: pa.Array, kind: str) -> pa.Array:
    """Nanoseconds are cut to microseconds. A day that was written as its midnight is a day again."""
    of = values.type
    whole = values if of.unit in {"s", "ms", "us"} else pc.floor_temporal(values, unit="microsecond")
    if kind == "day":
        wall = pc.local_timestamp(whole) if of.tz is not None else whole
        midnight = pc.floor_temporal(wall, unit="day")
        text = wall.cast(pa.timestamp("us"), safe=False).cast(pa.string())
        return pc.if_else(pc.equal(wall, midnight), midnight.cast(pa.date32()).cast(pa.string()), text)
    return whole.cast(pa.timestamp("us", "UTC" if of.tz is not None else None), safe=False).cast(pa.string())


def _decimal_text(value: Decimal) -> str:
    return f"{value:.0f}" if value.is_finite() and value == value.to_integral_value() else f"{value:f}"


def _decoded(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    content = values.cast(pa.binary())
    try:
        return content.cast(pa.string()), pa.nulls(len(values), pa.string())
    except pa.ArrowInvalid:
        texts = [None if value is None else value.decode("utf-8", "replace") for value in content.to_pylist()]
        pairs = zip(texts, content.to_pylist(), strict=True)
        faults = [NOT_UTF8 if text is not None and text.encode() != value else None for text, value in pairs]
        return pa.array(texts, pa.string()), pa.array(faults, pa.string())


def _float_text(values: pa.Array) -> pa.Array:
    numbers = values.to_numpy(zero_copy_only=False)
    whole = np.isfinite(numbers) & (np.floor(numbers) == numbers) & (np.abs(numbers) <= EXACT_FLOAT)
    integers = pa.array(np.where(whole, numbers, 0).astype(np.int64)).cast(pa.string())
    if whole.all():
        return integers
    others = pa.array([None if value is None else _repr(value) for value in values.to_pylist()], pa.string())
    return pc.if_else(pa.array(whole), integers, others)


def _repr(value: float) -> str:
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))
