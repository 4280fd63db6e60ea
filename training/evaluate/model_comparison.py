"""Comparison of two models on the same rows: AUC over all rows and by slice, and the shift of the ranking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from stack.errors import PrichalError
from training.data.frame import Frame
from training.evaluate.auc import WeightedAuc
from training.evaluate.bootstrap import (
    BootstrapEstimate,
    Floats,
    Interval,
    Statistic,
    estimate,
)
from training.evaluate.delong import delong
from training.evaluate.slices import Cell, Slice, cells

#: share of the rows with the highest risk that counts as the top.
TOP = 0.1
CHALLENGER, PRODUCTION = "challenger", "production"


class ScoresError(PrichalError):
    """Scores that cannot be compared."""


@dataclass(frozen=True)
class RankingShift:
    """Shift of the ranking between two models.

    Attributes:
        rank_correlation: Spearman's, of all rows.
        top: rows in the riskiest tenth.
        entered: (m,) positions of the rows that are in the challenger's riskiest tenth and not in production's.
        withdrawn: (m,) positions of those that are in production's and not in the challenger's.
    """

    rank_correlation: float
    top: int
    entered: NDArray[np.int_]
    withdrawn: NDArray[np.int_]

    def json(self) -> dict[str, Any]:
        """As in `measured.json`."""
        counts = {"entered": len(self.entered), "withdrawn": len(self.withdrawn)}
        return {"rank_correlation": self.rank_correlation, "top": self.top, **counts}


@dataclass(frozen=True)
class ModelComparison:
    """Figures of two models on the same rows, with 95% intervals from one set of bootstrap draws.

    Attributes:
        frame: the n rows.
        challenger: (n,) probabilities; `production` likewise. Without a version in production, `production` and all
            comparisons are None.
        auc: of the challenger; `production_auc` of production.
        bootstrap: AUC of the challenger minus that of production, paired draw by draw.
        delong: the same by DeLong's variance, clustered by entity.
        slices: the same difference within each slice.
        moved: shift of the ranking.
    """

    frame: Frame
    challenger: Floats
    production: Floats | None
    auc: Interval
    production_auc: Interval | None = None
    bootstrap: Interval | None = None
    delong: Interval | None = None
    slices: tuple[dict[str, Any], ...] = ()
    moved: RankingShift | None = None

    def json(self) -> dict[str, Any]:
        """`auc`, `versus` and `moved` as in `measured.json`, without the compared version."""
        intervals = {"auc": self.production_auc, "bootstrap": self.bootstrap, "delong": self.delong}
        present = {name: interval.json() for name, interval in intervals.items() if interval is not None}
        return {
            "auc": self.auc.json(),
            "versus": {**present, "slices": list(self.slices)} if present else None,
            "moved": None if self.moved is None else self.moved.json(),
        }


def compare_models(
    frame: Frame, challenger: Floats, production: Floats | None, slices: Sequence[Slice], seed: int
) -> ModelComparison:
    """Compare two models on rows that neither was fitted on.

    Args:
        frame: matured rows, n.
        challenger: (n,) probabilities.
        production: (n,) probabilities, None where nothing is in production.
        slices: declared by the project.
        seed: of the bootstrap.

    Raises:
        ScoresError: a probability is missing, or the rows hold one class only.
    """
    _check(frame, challenger, "challenger")
    if production is None:
        statistic = WeightedAuc(frame.labels, {CHALLENGER: challenger})
        challenger_only = estimate({"all": statistic}, frame.entity, seed)["all"]
        return ModelComparison(frame, challenger, None, challenger_only[CHALLENGER].interval())
    _check(frame, production, "version in production")
    parts = cells(slices, frame)
    estimates = estimate(_statistics(frame, challenger, production, parts), frame.entity, seed)
    challenger_auc, production_auc = estimates["all"][CHALLENGER], estimates["all"][PRODUCTION]
    return ModelComparison(
        frame, challenger, production, challenger_auc.interval(), production_auc.interval(),
        (challenger_auc - production_auc).interval(),
        delong(frame.labels, [challenger, production], frame.entity).difference(0, 1),
        tuple(_slice(cell, estimates.get(("slice", place))) for place, cell in enumerate(parts)),
        _score_shift(challenger, production),
    )  # fmt: skip


def _check(frame: Frame, probability: Floats, model: str) -> None:
    missing = len(frame) - int(np.isfinite(probability).sum()) if probability.shape == (len(frame),) else len(frame)
    if missing:
        raise ScoresError(f"The {model} gives no number for {missing:,} of {len(frame):,} rows: check its features.")
    if not 0 < frame.labels.sum() < len(frame):
        raise ScoresError(f"{frame.labels.sum():,} of {len(frame):,} rows left: both classes are needed.")


def _statistics(frame: Frame, challenger: Floats, production: Floats, parts: Sequence[Cell]) -> dict[Any, Statistic]:
    both = {CHALLENGER: challenger, PRODUCTION: production}
    some = {("slice", place): cell.rows for place, cell in enumerate(parts) if not cell.too_small}
    return {
        "all": WeightedAuc(frame.labels, both),
        **{key: WeightedAuc(frame.labels, both, rows) for key, rows in some.items()},
    }


def _slice(cell: Cell, estimates: Mapping[str, BootstrapEstimate] | None) -> dict[str, Any]:
    difference = None if estimates is None else (estimates[CHALLENGER] - estimates[PRODUCTION]).interval().json()
    return {"slice": cell.slice, "range": cell.range, "rows": len(cell.rows), "left": cell.left,
            "difference": difference}  # fmt: skip


def _score_shift(challenger: Floats, production: Floats) -> RankingShift:
    top = max(1, round(TOP * len(challenger)))
    risky, risky_before = (np.argsort(-scores, kind="stable")[:top] for scores in (challenger, production))
    flat = challenger.std() == 0 or production.std() == 0  # a constant score has no ranking
    correlation = 0.0 if flat else float(spearmanr(challenger, production).statistic)
    return RankingShift(correlation, top, np.setdiff1d(risky, risky_before), np.setdiff1d(risky_before, risky))
