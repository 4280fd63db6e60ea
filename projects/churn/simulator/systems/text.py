"""Text columns in the formats of the exporting systems: NumPy arrays in, Arrow strings out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from projects.churn.simulator.calendar import MOSCOW_OFFSET
from projects.churn.simulator.columns import Flags, Ids, Ints

_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype="S2")


def to_text(values: NDArray[Any]) -> Any:
    """Numbers as text."""
    return pa.array(values).cast(pa.string())


def look_up(table: Sequence[str], numbers: Ints) -> Any:
    """Entries of a table by position; -1 gives an empty text."""
    return pa.array(["", *table], pa.string()).take(pa.array(numbers + 1))


def constant(word: str, count: int) -> Any:
    """One text, repeated `count` times."""
    return pa.repeat(pa.scalar(word), count)


def join_columns(*parts: Any) -> Any:
    """Concatenate columns and constants row by row."""
    return pc.binary_join_element_wise(*parts, "")


def fill_template(template: str, *values: Any) -> Any:
    """Replace each `%` of the template by a column."""
    first, *rest = template.split("%")
    return join_columns(first, *(part for pair in zip(values, rest, strict=True) for part in pair))


def blank_where(empty: Flags, text: Any) -> Any:
    """Replace texts by empty ones where the mask is true."""
    return pc.if_else(pa.array(empty), "", text)


def prefixed_number(prefix: str, numbers: Ints, width: int) -> Any:
    """A prefix and the number, with leading zeros up to `width` digits."""
    return join_columns(prefix, pc.utf8_lpad(to_text(numbers), width, "0"))


def user_id(users: Ints) -> Any:
    """`u` and 7 digits; empty for -1."""
    return blank_where(users < 0, prefixed_number("u", np.maximum(users, 0) + 1, 7))


def local_time(moments: Ints) -> Any:
    """`YYYY-MM-DD hh:mm:ss` on the Moscow clock."""
    return pa.array(moments.astype("datetime64[s]")).cast(pa.string())


def local_date(moments: Ints) -> Any:
    """`YYYY-MM-DD` on the Moscow clock; empty for 0."""
    text = pa.array(moments.astype("datetime64[s]").astype("datetime64[D]")).cast(pa.string())
    return blank_where(moments == 0, text)


def iso_time(moments: Ints) -> Any:
    """`YYYY-MM-DDThh:mm:ss+03:00`; empty for 0."""
    text = join_columns(pc.utf8_replace_slice(local_time(moments), 10, 11, "T"), "+03:00")
    return blank_where(moments == 0, text)


def utc_time(moments: Ints) -> Any:
    """`YYYY-MM-DDThh:mm:ssZ`."""
    return join_columns(pc.utf8_replace_slice(local_time(moments - MOSCOW_OFFSET), 10, 11, "T"), "Z")


def day_of(clocks: Any) -> Any:
    """The date of `YYYY-MM-DD hh:mm:ss`."""
    return pc.utf8_slice_codeunits(clocks, 0, 10)


def time_of(clocks: Any) -> Any:
    """The time of `YYYY-MM-DD hh:mm:ss`."""
    return pc.utf8_slice_codeunits(clocks, 11, 19)


def unix_seconds(moments: Ints) -> Ints:
    """Seconds since 1970-01-01 00:00 UTC."""
    return moments - MOSCOW_OFFSET


def hexadecimal(high: Ids, low: Ids | None = None) -> Any:
    """16 hexadecimal digits, or 24 with the lower 32 bits of a second number."""
    digits = _HEX[high.astype(">u8").view(np.uint8).reshape(len(high), 8)]
    if low is not None:
        lower = _HEX[low.astype(np.uint32).astype(">u4").view(np.uint8).reshape(len(low), 4)]
        digits = np.concatenate([digits, lower], axis=1)
    whole = np.ascontiguousarray(digits).view(f"S{digits.shape[1] * 2}").ravel()
    return pa.array(whole, pa.binary()).cast(pa.string())


def delimited_text(columns: Mapping[str, Any], separator: str) -> bytes:
    """Delimited text: a header and one line per row."""
    header = separator.join(columns).encode() + b"\n"
    rows = pc.binary_join_element_wise(*columns.values(), separator)
    return header + join_lines(rows)


def join_lines(rows: Any) -> bytes:
    """Join texts to bytes, one text per line."""
    if not len(rows):
        return b""
    whole = join_columns(rows, "\n")
    # The texts of an array lie in one buffer, one behind the other.
    _, offsets, data = whole.buffers()
    end = int(np.frombuffer(offsets, np.int32)[len(whole)])
    text: bytes = data.slice(0, end).to_pybytes()
    return text
