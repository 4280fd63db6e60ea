"""All figures of a model on some rows, as one statistic for the bootstrap."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from training.evaluate.auc import RankingMetrics
from training.evaluate.bootstrap import BootstrapEstimate, Floats, Weights
from training.evaluate.calibration_metrics import Calibration

#: shares of the subscribers that a campaign may contact.
BUDGETS = (0.01, 0.05, 0.10, 0.20)
#: budgets of the profit curve.
GRID = np.arange(1, 101) / 100
#: figures whose interval is corrected for the bootstrap's bias.
CENTRED = ("calibration_error",)


class Figures:
    """Statistic of ranking and calibration; `recall_at_5pct` and `lift_at_5pct` are those of contacting 5%.

    Only `rows` count, all if None. With `curve`, also `contacted` and `estimates` (k, 100) at the budgets of `GRID`.
    """

    def __init__(
        self, labels: NDArray[np.int_], probability: Floats, rows: NDArray[np.int_] | None = None, curve: bool = False
    ) -> None:
        rows = np.arange(len(labels)) if rows is None else rows
        self.curve, budgets = curve, GRID if curve else np.array(BUDGETS)
        self.places = [int(np.argmin(np.abs(budgets - budget))) for budget in BUDGETS]
        self.ranking = RankingMetrics(labels[rows], probability[rows], budgets)
        self.calibration = Calibration(labels[rows], probability[rows], self.ranking.order)
        self.rows = rows[self.ranking.order]

    def __call__(self, weights: Weights) -> Mapping[str, Floats]:
        """Figures for each row of `weights` (k, n)."""
        drawn = weights[:, self.rows]
        ranked = self.ranking.of_ordered(drawn)
        areas = {name: ranked[name] for name in ("auc", "average_precision")}
        curve = {name: ranked[name] for name in ("contacted", "found")} if self.curve else {}
        return {**areas, **self.calibration(drawn), **self._by_budget(ranked), **curve}

    def _by_budget(self, ranked: Mapping[str, Floats]) -> dict[str, Floats]:
        figures = {}
        for budget, place in zip(BUDGETS, self.places, strict=True):
            with np.errstate(invalid="ignore", divide="ignore"):
                recall = ranked["found"][:, place] / ranked["left"]
            figures[f"recall_at_{budget * 100:.0f}pct"] = recall
            figures[f"lift_at_{budget * 100:.0f}pct"] = recall / ranked["contacted"][:, place]
        return figures


def with_intervals(estimates: Mapping[str, BootstrapEstimate]) -> dict[str, dict[str, float]]:
    """Each figure with its 95% interval, as in the evidence."""
    return {
        name: (estimate.centred() if name in CENTRED else estimate.interval()).json()
        for name, estimate in estimates.items()
        if estimate.value.ndim == 0
    }
