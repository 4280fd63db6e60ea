"""Parquet: the values of declared columns as exact texts, whatever type they were written in."""

from collections.abc import Iterator, Sequence
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


class _Column(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def raw_names(self) -> tuple[str, ...]: ...


def parquet_rows(path: Path, columns: Sequence[_Column]) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file in the shape of `lake.ingest.reader.batch_schema`."""
    with parquet.ParquetFile(path) as file:
        names = file.schema_arrow.names
        asked = [next(name for name in column.raw_names if name in names) for column in columns]
        number = 1
        for batch in file.iter_batches(BATCH_ROWS, columns=list(dict.fromkeys(asked))):
            yield _batch(batch, columns, asked, number)
            number += batch.num_rows


def _batch(batch: pa.RecordBatch, columns: Sequence[_Column], asked: Sequence[str], number: int) -> pa.RecordBatch:
    values, is_broken = [], np.zeros(batch.num_rows, dtype=bool)
    for name in asked:
        text, broken = native_text(batch.column(batch.schema.get_field_index(name)))
        values.append(text)
        is_broken |= broken
    faults = pa.array(np.where(is_broken, NOT_UTF8, None).tolist(), pa.string())
    raw = pa.nulls(batch.num_rows, pa.string())
    numbers = pa.array(number + np.arange(batch.num_rows))
    fixed = {"_line": numbers, "_raw": raw, "_fault": faults, "_trimmed": pa.array(np.zeros(batch.num_rows, bool))}
    return pa.RecordBatch.from_pydict(fixed | dict(zip((column.name for column in columns), values, strict=True)))


def native_text(values: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """Values as text, and which of them are bytes that are not UTF-8.

    A whole float is the text of a whole number up to 2^53; beyond, it may stand for several ids, and its text
    ends with `.0`, which no whole number does. Moments are ISO text, in UTC where they have a zone.
    """
    sound = np.zeros(len(values), dtype=bool)
    kind = values.type
    if types.is_dictionary(kind):
        values, kind = values.dictionary_decode(), kind.value_type
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return _decoded(values)
    if types.is_floating(kind):
        return _float_text(values.cast(pa.float64())), sound
    if types.is_timestamp(kind):
        micro = pc.floor_temporal(values, unit="microsecond") if kind.unit == "ns" else values
        zoned = kind.tz is not None
        plain = micro.cast(pa.timestamp("us", "UTC" if zoned else None), safe=False)
        return plain.cast(pa.string()), sound
    if types.is_nested(kind):
        return pa.array([None if one is None else str(one) for one in values.to_pylist()], pa.string()), sound
    return values.cast(pa.string()), sound


def _decoded(values: pa.Array) -> tuple[pa.Array, np.ndarray]:
    held = values.cast(pa.binary())
    try:
        return held.cast(pa.string()), np.zeros(len(values), dtype=bool)
    except pa.ArrowInvalid:
        texts = [None if one is None else one.decode("utf-8", "replace") for one in held.to_pylist()]
        broken = [text is not None and text.encode() != one for text, one in zip(texts, held.to_pylist(), strict=True)]
        return pa.array(texts, pa.string()), np.array(broken, dtype=bool)


def _float_text(values: pa.Array) -> pa.Array:
    numbers = values.to_numpy(zero_copy_only=False)
    whole = np.isfinite(numbers) & (np.floor(numbers) == numbers) & (np.abs(numbers) <= EXACT_FLOAT)
    integers = pa.array(np.where(whole, numbers, 0).astype(np.int64)).cast(pa.string())
    others = pa.array([None if one is None else repr(one) for one in values.to_pylist()], pa.string())
    if whole.all():
        return pc.if_else(values.is_valid(), integers, pa.scalar(None, pa.string()))
    return pc.if_else(pa.array(whole), integers, others)
