"""ROC-AUC of several scores under many weightings of the same rows, fast enough to be asked of every slice."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from training.evaluate.bootstrap import Floats, Weights


class Areas:
    """Statistic: the AUC of each score by its name, ties half, the same as that of `Ranking` and several times faster.

    Those who left stand at the odd steps of a ladder by their score, those who stayed on the step between or beside
    them: so few sums are left to be made over rows.
    """

    def __init__(
        self, labels: NDArray[np.int_], scores: Mapping[str, Floats], rows: NDArray[np.int_] | None = None
    ) -> None:
        """Find everybody's step once.

        Args:
            labels: (n,) 1 who left, 0 who stayed.
            scores: (n,) each, higher is likelier to leave.
            rows: positions of the rows that count, all if None.
        """
        self.rows = np.arange(len(labels)) if rows is None else rows
        left = labels[self.rows] == 1
        self.ladders = {name: _ladders(left, score[self.rows]) for name, score in scores.items()}

    def __call__(self, weights: Weights) -> Mapping[str, Floats]:
        """AUCs (k,) for each row of `weights` (k, n); NaN where a class has no weight."""
        kind = np.float64 if weights.dtype.kind == "f" else np.float32  # whole numbers are summed exactly in either
        drawn = np.ascontiguousarray(weights[:, self.rows].T, dtype=kind)
        return {
            name: _area(*(ladder.astype(kind, copy=False) @ drawn for ladder in two))
            for name, two in self.ladders.items()
        }


def _ladders(left: NDArray[np.bool_], score: Floats) -> tuple[csr_array, csr_array]:
    """Which row stands on which step: who left, (steps, n), and who stayed, (2 * steps + 1, n)."""
    steps, step_of_row = np.unique(score[left], return_inverse=True)
    stayed = score[~left]
    between = np.searchsorted(steps, stayed, side="left") + np.searchsorted(steps, stayed, side="right")
    return _marks(step_of_row, np.flatnonzero(left), len(steps), len(score)), _marks(
        between, np.flatnonzero(~left), 2 * len(steps) + 1, len(score)
    )


def _marks(step: NDArray[np.int_], row: NDArray[np.int_], steps: int, rows: int) -> csr_array:
    return csr_array((np.ones(len(row), dtype=np.float32), (step, row)), shape=(steps, rows))


def _area(left: Floats, stayed: Floats) -> Floats:
    """AUC from weights by step, (steps, k) and (2 * steps + 1, k)."""
    below = np.cumsum(stayed, axis=0, dtype=np.float64)
    beaten = below[:-1:2] + stayed[1::2] / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Floats = (left * beaten).sum(axis=0) / (left.sum(axis=0, dtype=np.float64) * below[-1])
    return area
