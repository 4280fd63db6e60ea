"""Scores of Arrow tables as rows of the mart, in the format of PostgreSQL's binary COPY."""

import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
REASONS = ("reason_1", "reason_2", "reason_3")
_EPOCH = date(2000, 1, 1)  # PostgreSQL counts days and microseconds from it
DECILES = 10


def rank_deciles(probability: NDArray[np.float64], read_keys: Callable[[], pa.ChunkedArray]) -> NDArray[np.int16]:
    """Decile of each row, 1 to 10, as SQL's `ntile(10) over (order by probability, key)`; texts compare by bytes.

    Args:
        probability: (n,), without NaN.
        read_keys: the keys (n,); called only if equal probabilities are on both sides of a limit between deciles.

    Returns:
        Deciles (n,).
    """
    count = len(probability)
    size, longer = divmod(count, DECILES)
    starts = np.cumsum([size + (decile < longer) for decile in range(DECILES - 1)])  # first rank of deciles 2 to 10
    starts = starts[starts < count]
    ordered = np.sort(probability)
    limits = ordered[starts]
    deciles = (1 + np.searchsorted(limits, probability, side="right")).astype(np.int16)
    keys = None
    for value in np.unique(limits[np.searchsorted(ordered, limits) < starts]):
        tied = np.flatnonzero(probability == value)
        keys = read_keys() if keys is None else keys
        order = pc.sort_indices(keys.take(pa.array(tied))).to_numpy()
        ranks = np.searchsorted(ordered, value) + np.arange(len(tied))
        deciles[tied[order]] = 1 + np.searchsorted(starts, ranks, side="right")
    return deciles


class RowEncoder:
    """Encodes rows that share their day, population, model, version, maturity and time of publication.

    Attributes:
        columns: of the mart, in the order in which the rows hold them.
    """

    def __init__(
        self, entity: str, score_date: date, population: str, model: tuple[str, str], matures_on: date, moment: datetime
    ) -> None:
        self._entity = entity
        self.columns = (
            "score_date", "population", "model_name", "model_version", "label_matures_on", "scored_at",
            "churn_probability", "risk_decile", entity, *REASONS,
        )  # fmt: skip
        since_epoch = moment - datetime(_EPOCH.year, _EPOCH.month, _EPOCH.day, tzinfo=moment.tzinfo)
        values = [
            _days(score_date), population.encode(), *(text.encode() for text in model), _days(matures_on),
            struct.pack(">q", since_epoch // timedelta(microseconds=1)),
        ]  # fmt: skip
        self._prefix = struct.pack(">h", len(self.columns)) + b"".join(map(_field, values))

    def encode(self, rows: pa.Table, deciles: NDArray[np.int16]) -> pa.Buffer:
        """The bytes of the rows.

        Args:
            rows: the entity as int64 or string, `churn_probability` as double and the reasons as string; at most some
                100,000 rows, because the bytes of one call are below 2 GB.
            deciles: (n,).
        """
        keys = _array(rows[self._entity])
        fixed = [("prefix", f"V{len(self._prefix)}"), ("size_8", ">i4"), ("probability", ">f8"), ("size_2", ">i4"),
                 ("decile", ">i2")]  # fmt: skip
        is_number = pa.types.is_integer(keys.type)
        if is_number:
            fixed += [("key_size", ">i4"), ("key", ">i8")]
        block = np.empty(len(rows), dtype=fixed)
        block["prefix"], block["size_8"], block["size_2"] = np.void(self._prefix), 8, 2
        block["probability"], block["decile"] = rows["churn_probability"].to_numpy(), deciles
        if is_number:
            block["key_size"], block["key"] = 8, keys.to_numpy()
        texts = [*([] if is_number else [keys]), *(_array(rows[name]) for name in REASONS)]
        pieces = [_binary(block), *(piece for text in texts for piece in _text_pieces(text))]
        joined = pc.binary_join_element_wise(*pieces, b"")
        _, offsets, data = joined.buffers()
        ends = np.frombuffer(offsets, dtype=np.int32)[joined.offset : joined.offset + len(joined) + 1]
        return data.slice(int(ends[0]), int(ends[-1] - ends[0]))


def _text_pieces(text: pa.Array) -> Sequence[pa.Array]:
    """The size of each text, -1 of a null, and its bytes."""
    sizes = pc.fill_null(pc.binary_length(text), -1).to_numpy(zero_copy_only=False)
    return _binary(sizes.astype(">i4")), pc.fill_null(text, "").cast(pa.binary())


def _binary(values: NDArray[Any]) -> pa.Array:
    """Each value's own bytes."""
    size = values.dtype.itemsize
    offsets = np.arange(0, (len(values) + 1) * size, size, dtype=np.int32)
    return pa.Array.from_buffers(pa.binary(), len(values), [None, pa.py_buffer(offsets), pa.py_buffer(values)])


def _array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])


def _days(day: date) -> bytes:
    return struct.pack(">i", (day - _EPOCH).days)


def _field(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value
