"""Tables as dataclasses of arrays with equally many rows, and the types of these arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Ids: TypeAlias = NDArray[np.uint64]
#: the columns of a log by name, all with the same number of rows.
Fields: TypeAlias = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Columns:
    """Base class of tables: dataclasses whose fields are arrays with the same first dimension."""

    def select_rows(self, rows: Ints | Flags) -> Self:
        """The table of the given rows; `rows` holds row numbers or a mask."""
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """The tables of `parts` below each other."""
        return cls(
            **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        )

    def __len__(self) -> int:
        first: NDArray[Any] = getattr(self, fields(self)[0].name)
        return len(first)


def logistic(log_odds: Floats) -> Floats:
    """The probability with these log-odds, element by element."""
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)), dtype=np.float64)


def moments(values: Floats) -> Ints:
    """Round times in seconds down to whole seconds."""
    return np.floor(values).astype(np.int64)
