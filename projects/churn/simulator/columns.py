"""Tables of equally long arrays, one row a thing."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Ids: TypeAlias = NDArray[np.uint64]


@dataclass(frozen=True)
class Columns:
    """Base of dataclasses whose fields are arrays with the same first dimension."""

    def take(self, rows: Ints | Flags) -> Self:
        """The rows given by number or by mask."""
        return replace(self, **{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """One table below the other."""
        return cls(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)})

    def __len__(self) -> int:
        first: NDArray[Any] = getattr(self, fields(self)[0].name)
        return len(first)


def logistic(log_odds: Floats) -> Floats:
    """Probability of log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)), dtype=np.float64)


def moments(values: Floats) -> Ints:
    """Whole seconds of a computed time."""
    return np.floor(values).astype(np.int64)
