"""Qini and uplift curves of one action against control, and their areas, with the design's probabilities as weights.

Radcliffe (2007); Devriendt, Guns and Verbeke (2020). With equal probabilities of action and control the coefficients
are those of scikit-uplift: `qini_auc_score`, `uplift_auc_score`, `uplift_at_k(strategy="overall")`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actions.experiment import Experiment, Floats
from training.evaluate.bootstrap import BootstrapEstimate, Interval, Weights, estimate

#: share of people of `uplift at k`.
TOP_SHARE = 0.3
#: up to this number of distinct scores, sums are taken group by group, which is faster.
FEW_SCORES = 100


@dataclass(frozen=True)
class ActionRows:
    """Rows of one action and of control among those who could get either; n rows.

    Attributes:
        treated: (n,) 1.0 for the action, 0.0 for control.
        outcome: (n,) 1.0 for people who stayed.
        weight: (n,) 1 / probability of the row's arm.
        share: (n,) people of the experiment that the row stands for: 1 / (probability of the action or of control).
        people: (n,) entity of each row.
        place: (n,) positions of the rows in the experiment.
    """

    treated: Floats
    outcome: Floats
    weight: Floats
    share: Floats
    people: NDArray[np.object_]
    place: NDArray[np.int_]

    @classmethod
    def of(cls, experiment: Experiment, action: int) -> "ActionRows":
        """The rows of the action at this position, 0 for the first action after control."""
        treated, control = experiment.probability[:, action + 1], experiment.probability[:, 0]
        member = ((experiment.arm == action + 1) | (experiment.arm == 0)) & (treated > 0) & (control > 0)
        place = np.flatnonzero(member)
        return cls(
            (experiment.arm[place] == action + 1).astype(np.float64), experiment.outcome[place],
            1.0 / experiment.assigned_probability[place], 1.0 / (treated + control)[place], experiment.people[place],
            place,
        )  # fmt: skip


@dataclass(frozen=True)
class UpliftCurve:
    """Points of a curve for k weightings of the rows, each (k, points); the first point is (0, 0)."""

    x: Floats
    y: Floats

    @property
    def area_above_random(self) -> Floats:
        """Area (k,) between the curve and the straight line to its end."""
        area = np.trapezoid(self.y, self.x, axis=1) - self.x[:, -1] * self.y[:, -1] / 2
        return np.asarray(area, dtype=np.float64)


class QiniStatistic:
    """Coefficients of scores for weights (k, n) of the rows: `qini`, `auuc` and `uplift_at_k`, each (k,).

    Args:
        rows: of one action and control.
        scores: (n,) predicted effect of each row; people with large scores come first.
    """

    def __init__(self, rows: ActionRows, scores: Floats) -> None:
        self.rows, self.order = rows, _Order(scores)
        treated, stayed = rows.treated > 0, rows.outcome > 0.5
        self.perfect_qini = _Order(np.where(treated & stayed, 1.0, np.where(~treated & stayed, -1.0, 0.0)))
        control_stayed, treated_left = rows.weight[~treated & stayed].sum(), rows.weight[treated & ~stayed].sum()
        bonus = rows.outcome if control_stayed > treated_left else rows.treated
        self.perfect_uplift = _Order(2.0 * (treated == stayed) + bonus)

    def __call__(self, weights: Weights) -> dict[str, Floats]:
        """The coefficients; NaN where the perfect order gains nothing."""
        sums, top = self._sums(weights, self.order), self._top(weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            perfect_qini, perfect_uplift = (self._sums(weights, order) for order in
                                            (self.perfect_qini, self.perfect_uplift))  # fmt: skip
            qini = sums.qini.area_above_random / perfect_qini.qini.area_above_random
            auuc = sums.uplift.area_above_random / perfect_uplift.uplift.area_above_random
        return {"qini": qini, "auuc": auuc, "uplift_at_k": top}

    def curve(self) -> UpliftCurve:
        """The uplift curve of the rows: gained people, in shares of all people."""
        uplift = self._sums(np.ones((1, len(self.rows.treated))), self.order).uplift
        return UpliftCurve(uplift.x / uplift.x[:, -1:], uplift.y / uplift.x[:, -1:])

    def _sums(self, weights: Weights, order: "_Order") -> "_Sums":
        rows = self.rows
        columns = (
            rows.share, rows.treated * rows.weight, rows.treated * rows.weight * rows.outcome,
            (1 - rows.treated) * rows.weight, (1 - rows.treated) * rows.weight * rows.outcome,
        )  # fmt: skip
        return _Sums(*(order.cumulate(weights, column) for column in columns))

    def _top(self, weights: Weights) -> Floats:
        """Difference of the shares that stayed, action minus control, among the first `TOP_SHARE` of the people."""
        order, rows = self.order.order, self.rows
        people = weights[:, order] * rows.share[order]
        inside = np.cumsum(people, axis=1) <= TOP_SHARE * people.sum(axis=1, keepdims=True) * (1 + 1e-12)
        counted = weights[:, order] * rows.weight[order] * inside
        means = []
        for member in (rows.treated[order], 1 - rows.treated[order]):
            total = (counted * member).sum(axis=1)
            stayed = (counted * member * rows.outcome[order]).sum(axis=1)
            means.append(np.divide(stayed, total, out=np.full(len(total), np.nan), where=total > 0))
        return np.asarray(means[0] - means[1], dtype=np.float64)


@dataclass(frozen=True)
class _Sums:
    """Cumulative sums at each distinct score, (k, points) each."""

    people: Floats
    treated: Floats
    treated_stayed: Floats
    control: Floats
    control_stayed: Floats

    @property
    def qini(self) -> UpliftCurve:
        """Stayed among treated, minus stayed among control scaled to as many treated."""
        ratio = np.divide(self.treated, self.control, out=np.zeros_like(self.treated), where=self.control > 0)
        return UpliftCurve(self.people, self.treated_stayed - self.control_stayed * ratio)

    @property
    def uplift(self) -> UpliftCurve:
        """Difference of the shares that stayed, times the people so far."""
        shares = [
            np.divide(stayed, total, out=np.zeros_like(stayed), where=total > 0)
            for stayed, total in ((self.treated_stayed, self.treated), (self.control_stayed, self.control))
        ]
        return UpliftCurve(self.people, (shares[0] - shares[1]) * self.people)


class _Order:
    """Rows by score, the largest first; rows of equal score come together."""

    def __init__(self, scores: Floats) -> None:
        self.order = np.argsort(-scores, kind="stable")
        ordered = scores[self.order]
        self.ends = np.append(np.flatnonzero(np.diff(ordered) != 0), len(scores) - 1)

    def cumulate(self, weights: Weights, column: Floats) -> Floats:
        """Cumulative weighted sums (k, points + 1) of a column, 0 first."""
        weighted = weights[:, self.order] * column[self.order]
        if len(self.ends) <= FEW_SCORES:
            starts = np.append(0, self.ends[:-1] + 1)
            sums = np.cumsum(np.add.reduceat(weighted, starts, axis=1), axis=1)
        else:
            sums = np.cumsum(weighted, axis=1)[:, self.ends]
        return np.hstack([np.zeros((len(sums), 1)), sums])


def qini_estimates(experiment: Experiment, effects: Floats, seed: int) -> dict[str, dict[str, Interval]]:
    """For each action `qini`, `auuc` and `uplift_at_k` with 95% intervals over people.

    Args:
        experiment: n rows that the effects were not learnt from.
        effects: (n, actions) predicted.
        seed: random seed of the bootstrap.
    """
    result = {}
    for action, name in enumerate(experiment.arms[1:]):
        rows = ActionRows.of(experiment, action)
        statistic = QiniStatistic(rows, effects[rows.place, action])
        estimates: dict[str, BootstrapEstimate] = estimate({name: statistic}, rows.people, seed)[name]
        result[name] = {figure: drawn.interval() for figure, drawn in estimates.items()}
    return result
