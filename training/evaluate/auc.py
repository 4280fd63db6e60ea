"""How well scores rank those who left above those who stayed: AUC, average precision, who is found by budget.

Everything is told for many weightings of the rows at once, so that a bootstrap sorts the scores once.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training.evaluate.bootstrap import (
    Entities,
    Floats,
    Weights,
    estimate,
)


class Ranking:
    """Statistic `auc` and `average_precision`; with budgets also `contacted`, `found` and `left`, shares of all rows.

    AUC is the chance that one who left scores above one who stayed, ties half; average precision is that of
    scikit-learn. `contacted` is the budget in whole rows, at least one, highest scores first, `found` those of them
    who left, `left` all who left. NaN where a class has no weight.
    """

    def __init__(
        self,
        labels: NDArray[np.int_],
        scores: Floats,
        budgets: Sequence[float] | Floats = (),
    ) -> None:
        """Sort once.

        Args:
            labels: (n,) 1 who left, 0 who stayed.
            scores: (n,) higher is likelier to leave.
            budgets: shares of the rows that are contacted.
        """
        self.order = np.argsort(-scores, kind="stable")
        self.budgets = np.asarray(budgets, dtype=np.float64)
        ordered = scores[self.order]
        self.labels = np.r_[labels[self.order], 0]
        self.left = np.flatnonzero(self.labels)
        changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
        bounds: NDArray[np.int_] = np.concatenate([[0], changes, [len(ordered)]])
        left_before = np.searchsorted(self.left, bounds)
        has_left = np.diff(left_before) > 0  # of equal scores, only groups with someone who left add anything
        self.begin, self.end = bounds[:-1][has_left], bounds[1:][has_left]
        self.left_begin, self.left_end = left_before[:-1][has_left], left_before[1:][has_left]

    def __call__(self, weights: Weights) -> Mapping[str, Floats]:
        """Figures for each row of `weights` (k, n)."""
        return self.of(weights[:, self.order])

    def of(self, drawn: Weights) -> Mapping[str, Floats]:
        """The same for weights that are in the order of `order`, the highest score first."""
        every, left = _running(drawn), _running(drawn[:, self.left])
        return self._auc_and_precision(every, left) | (self._by_budget(every, left) if len(self.budgets) else {})

    def _auc_and_precision(self, every: Weights, left: Weights) -> dict[str, Floats]:
        through, before = (left[:, at].astype(np.float64) for at in (self.left_end, self.left_begin))
        left_in_group, all_left = through - before, left[:, -1].astype(np.float64)
        all_stayed = every[:, -1].astype(np.float64) - all_left
        contacted = every[:, self.end].astype(np.float64)
        # Stayed and ranked above: the mean of before and through the group, as ties count half.
        above = (every[:, self.begin] - before + contacted - through) / 2
        precision = np.divide(through, contacted, out=np.zeros_like(through), where=contacted > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            area = np.sum(left_in_group * (all_stayed[:, None] - above), axis=1) / (all_left * all_stayed)
            average = np.sum(left_in_group * precision, axis=1) / all_left
        return {"auc": area, "average_precision": average}

    def _by_budget(self, every: Weights, left: Weights) -> dict[str, Floats]:
        total = every[:, -1].astype(np.float64)
        limit = np.maximum(1.0, np.round(self.budgets * total[:, None]))
        most = limit.astype(every.dtype)
        whole = np.array(
            [np.searchsorted(running, of, side="right") - 1 for running, of in zip(every, most, strict=True)]
        )
        row = np.arange(len(every))[:, None]
        # The row at the border is drawn several times, and only some of them fit into the budget.
        partly = self.labels[whole] * (limit - every[row, whole])
        found_rows = left[row, np.searchsorted(self.left, whole)] + partly
        return {
            "contacted": limit / total[:, None],
            "found": found_rows / total[:, None],
            "left": left[:, -1].astype(np.float64) / total,
        }


def auc_draws(labels: NDArray[np.int_], scores: Floats, entity: Entities, seed: int) -> Floats:
    """AUC in every bootstrap replicate; equal seeds draw equal entities, so draws of two models can be paired."""
    return estimate({"auc": Ranking(labels, scores)}, entity, seed)["auc"]["auc"].draws


def _running(weights: Weights) -> Weights:
    """Sums of the first 0, 1, ... columns, (k, n + 1)."""
    kind = np.float64 if weights.dtype.kind == "f" else np.int32  # whole numbers add up several times faster
    result = np.zeros((len(weights), weights.shape[1] + 1), dtype=kind)
    np.cumsum(weights, axis=1, dtype=kind, out=result[:, 1:])
    return result
