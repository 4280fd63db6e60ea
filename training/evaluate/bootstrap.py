"""Bootstrap over entities: a draw takes people with all their rows, because rows of a person are not independent.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 8, 10 and 13. All statistics of all candidates
see the same draws, so their differences are paired, and the draws are made once.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float64]
#: how often each row counts; whole numbers of one byte where they are drawn.
Weights = NDArray[Any]
Entities = NDArray[np.int_] | NDArray[np.object_]
#: weights (k, n), one row a replicate, to figures by name, each (k,) or (k, m).
Statistic = Callable[[Weights], Mapping[str, Floats]]
Key = TypeVar("Key", bound=Hashable)

REPLICATES = 2000
#: number of weights in a block, which has at least a few replicates; the draws do not depend on it.
WEIGHTS_AT_ONCE, FEWEST_REPLICATES = 500_000, 16


@dataclass(frozen=True)
class Interval:
    """A value with its 95% interval."""

    value: float
    low: float
    high: float

    def json(self) -> dict[str, float]:
        """As in the evidence."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class BootstrapEstimate:
    """A figure of the original rows, () or (m,), and of every replicate, (replicates,) or (replicates, m)."""

    value: Floats
    draws: Floats

    def __sub__(self, other: "BootstrapEstimate") -> "BootstrapEstimate":
        """The difference, paired draw by draw."""
        return BootstrapEstimate(self.value - other.value, self.draws - other.draws)

    def interval(self) -> Interval:
        """Percentile interval."""
        return interval(float(self.value), self.draws)

    def centred(self) -> Interval:
        """Percentile interval minus the bootstrap's estimate of bias, not below 0.

        For a mean of absolute distances, which noise can only raise: drawn again it is larger on average than in
        the rows themselves.
        """
        return interval(float(self.value), np.maximum(self.draws - np.nanmean(self.draws) + self.value, 0.0))


def interval(value: float, draws: Floats) -> Interval:
    """Percentile interval of bootstrap draws; those that are not a number are left out."""
    finite = draws[~np.isnan(draws)]
    low, high = np.percentile(finite, [2.5, 97.5]) if len(finite) else (np.nan, np.nan)
    return Interval(value, float(low), float(high))


def estimate(
    statistics: Mapping[Key, Statistic], entity: Entities, seed: int
) -> dict[Key, dict[str, BootstrapEstimate]]:
    """Every figure of every statistic with its draws, in one pass over the replicates.

    Args:
        statistics: by any key.
        entity: (n,) entity of each row.
        seed: equal seeds draw equal entities, whatever the statistics.
    """
    once = np.ones((1, len(entity)))
    values = {key: statistic(once) for key, statistic in statistics.items()}
    parts: dict[Key, list[Mapping[str, Floats]]] = {key: [] for key in statistics}
    # The products are small, so several threads would be slower.
    with threadpool_limits(limits=1, user_api="blas"):
        for weights in entity_weights(entity, seed):
            for key, statistic in statistics.items():
                parts[key].append(statistic(weights))
    return {key: _joined(values[key], parts[key]) for key in statistics}


def _joined(value: Mapping[str, Floats], parts: list[Mapping[str, Floats]]) -> dict[str, BootstrapEstimate]:
    return {
        name: BootstrapEstimate(figure[0], np.concatenate([part[name] for part in parts]))
        for name, figure in value.items()
    }


def weighted_sums(weights: Weights, columns: Floats) -> Floats:
    """Sums of columns (n, m) for each row of `weights` (k, n), in single precision where the weights are drawn."""
    kind = np.float64 if weights.dtype.kind == "f" else np.float32
    return np.asarray(weights.astype(kind) @ columns.astype(kind), dtype=np.float64)


def entity_weights(entity: Entities, seed: int) -> Iterator[Weights]:
    """Blocks of weights, shape (block, n): how often each row's entity was drawn."""
    rng = np.random.default_rng(seed)
    names, position = np.unique(entity, return_inverse=True)
    shares = np.full(len(names), 1 / len(names))
    block = max(FEWEST_REPLICATES, WEIGHTS_AT_ONCE // len(entity))
    for start in range(0, REPLICATES, block):
        drawn = rng.multinomial(len(names), shares, size=min(block, REPLICATES - start))
        # One is drawn once on average and never 256 times; whole numbers are summed fast and exactly.
        yield drawn.astype(np.uint8)[:, position]
