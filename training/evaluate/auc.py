"""ROC-AUC under many weightings of the same rows, and the ranking metrics of a campaign with a limited budget.

A bootstrap weights the same rows thousands of times. Rows are sorted once; each weighting then only needs sums.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from training.evaluate.bootstrap import Entities, Floats, Weights, estimate


class WeightedAuc:
    """Statistic: the ROC-AUC of each score by its name; NaN where a class has no weight.

    AUC is the chance that a churner scores above a row that stayed; a tie counts one half. Rows are ranked by score:
    churners take odd ranks, all others the even rank above, between or below them, or an odd rank where they tie.
    """

    def __init__(
        self, labels: NDArray[np.int_], scores: Mapping[str, Floats], rows: NDArray[np.int_] | None = None
    ) -> None:
        """Rank the rows once.

        Args:
            labels: (n,) 1 left, 0 stayed.
            scores: (n,) each; a higher score means a higher risk of leaving.
            rows: positions of the rows to use; None uses all.
        """
        self.rows = np.arange(len(labels)) if rows is None else rows
        left = labels[self.rows] == 1
        self.ranks = {name: _rank_indicators(left, score[self.rows]) for name, score in scores.items()}

    def __call__(self, weights: Weights) -> Mapping[str, Floats]:
        """AUCs (k,) by name for each row of `weights` (k, n)."""
        kind = np.float64 if weights.dtype.kind == "f" else np.float32  # both sum whole numbers exactly
        drawn = np.ascontiguousarray(weights[:, self.rows].T, dtype=kind)
        return {
            name: _auc_from_ranks(left.astype(kind, copy=False) @ drawn, stayed.astype(kind, copy=False) @ drawn)
            for name, (left, stayed) in self.ranks.items()
        }


class RankingMetrics:
    """Statistic `auc` and `average_precision`; with budgets also `contacted`, `found` and `left`, shares of all rows.

    Average precision is defined as in scikit-learn. `contacted` is the budget rounded to whole rows, at least one;
    the highest scores are contacted first. `found` counts the churners among them and `left` counts all churners.
    A metric is NaN where a class has no weight.
    """

    def __init__(
        self,
        labels: NDArray[np.int_],
        scores: Floats,
        budgets: Sequence[float] | Floats = (),
    ) -> None:
        """Sort the rows once.

        Args:
            labels: (n,) 1 left, 0 stayed.
            scores: (n,) a higher score means a higher risk of leaving.
            budgets: shares of the rows that are contacted.
        """
        self.order = np.argsort(-scores, kind="stable")
        self.budgets = np.asarray(budgets, dtype=np.float64)
        ordered = scores[self.order]
        self.auc = WeightedAuc(labels[self.order], {"auc": ordered})
        self.labels = np.r_[labels[self.order], 0]
        self.left = np.flatnonzero(self.labels)
        changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
        bounds: NDArray[np.int_] = np.concatenate([[0], changes, [len(ordered)]])
        left_before = np.searchsorted(self.left, bounds)
        has_left = np.diff(left_before) > 0  # a group of equal scores without a churner adds nothing
        self.end = bounds[1:][has_left]
        self.left_begin, self.left_end = left_before[:-1][has_left], left_before[1:][has_left]

    def __call__(self, weights: Weights) -> Mapping[str, Floats]:
        """Metrics for each row of `weights` (k, n)."""
        return self.of_ordered(weights[:, self.order])

    def of_ordered(self, drawn: Weights) -> Mapping[str, Floats]:
        """Metrics for weights whose columns are already sorted by `order`, the highest score first."""
        every, left = _running_sums(drawn), _running_sums(drawn[:, self.left])
        metrics = {**self.auc(drawn), "average_precision": self._average_precision(every, left)}
        return metrics | (self._by_budget(every, left) if len(self.budgets) else {})

    def _average_precision(self, every: Weights, left: Weights) -> Floats:
        through, before = (left[:, at].astype(np.float64) for at in (self.left_end, self.left_begin))
        contacted = every[:, self.end].astype(np.float64)
        precision = np.divide(through, contacted, out=np.zeros_like(through), where=contacted > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            average: Floats = np.sum((through - before) * precision, axis=1) / left[:, -1].astype(np.float64)
        return average

    def _by_budget(self, every: Weights, left: Weights) -> dict[str, Floats]:
        total = every[:, -1].astype(np.float64)
        limit = np.maximum(1.0, np.round(self.budgets * total[:, None]))
        most = limit.astype(every.dtype)
        whole = np.array(
            [np.searchsorted(running, limits, side="right") - 1 for running, limits in zip(every, most, strict=True)]
        )
        row = np.arange(len(every))[:, None]
        # The row at the border may be drawn several times; only a part of its draws fits into the budget.
        partial = self.labels[whole] * (limit - every[row, whole])
        found_rows = left[row, np.searchsorted(self.left, whole)] + partial
        return {
            "contacted": limit / total[:, None],
            "found": found_rows / total[:, None],
            "left": left[:, -1].astype(np.float64) / total,
        }


def auc(labels: NDArray[np.int_], scores: Floats, weights: Floats | None = None) -> float:
    """ROC-AUC of one score, ties half; NaN if only one class has weight.

    >>> auc(np.array([1, 0, 1, 0]), np.array([0.9, 0.4, 0.4, 0.1]))
    0.875
    """
    weights = np.ones(len(labels)) if weights is None else weights
    return float(WeightedAuc(labels, {"auc": scores})(weights[None, :])["auc"][0])


def auc_draws(labels: NDArray[np.int_], scores: Floats, entity: Entities, seed: int) -> Floats:
    """AUC in every bootstrap replicate; equal seeds draw equal entities, so the draws of two models are paired."""
    return estimate({"auc": WeightedAuc(labels, {"auc": scores})}, entity, seed)["auc"]["auc"].draws


def _running_sums(weights: Weights) -> Weights:
    """Sums of the first 0, 1, ... columns, (k, n + 1)."""
    kind = np.float64 if weights.dtype.kind == "f" else np.int32  # integers are summed several times faster
    result = np.zeros((len(weights), weights.shape[1] + 1), dtype=kind)
    np.cumsum(weights, axis=1, dtype=kind, out=result[:, 1:])
    return result


def _rank_indicators(left: NDArray[np.bool_], score: Floats) -> tuple[csr_array, csr_array]:
    """Which row has which rank: churners, (ranks, n), and all others, (2 * ranks + 1, n)."""
    churner_scores, churner_rank = np.unique(score[left], return_inverse=True)
    stayed = score[~left]
    stayed_rank = np.searchsorted(churner_scores, stayed, side="left") + np.searchsorted(
        churner_scores, stayed, side="right"
    )
    return (
        _indicator(churner_rank, np.flatnonzero(left), len(churner_scores), len(score)),
        _indicator(stayed_rank, np.flatnonzero(~left), 2 * len(churner_scores) + 1, len(score)),
    )


def _indicator(rank: NDArray[np.int_], row: NDArray[np.int_], ranks: int, rows: int) -> csr_array:
    return csr_array((np.ones(len(row), dtype=np.float32), (rank, row)), shape=(ranks, rows))


def _auc_from_ranks(left: Floats, stayed: Floats) -> Floats:
    """AUC from the weight at each rank: churners (ranks, k) and all others (2 * ranks + 1, k)."""
    running = np.cumsum(stayed, axis=0, dtype=np.float64)
    below = running[:-1:2] + stayed[1::2] / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Floats = (left * below).sum(axis=0) / (left.sum(axis=0, dtype=np.float64) * running[-1])
    return area
