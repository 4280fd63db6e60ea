"""Measured effects: the average of each action, and whether predicted effects agree with measured ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from actions.experiment import Experiment, Floats
from actions.uplift.policy_gain import Targeting
from actions.uplift.pseudo_outcomes import pseudo_outcomes
from training.evaluate.bootstrap import BootstrapEstimate, Interval, Weights, estimate

#: groups of rows by predicted effect.
TENTHS = 10


@dataclass(frozen=True)
class CalibrationTenth:
    """Rows with similar predicted effects: their mean predicted effect and the measured one, net of the price."""

    predicted: float
    measured: Interval
    rows: int


@dataclass(frozen=True)
class EffectCalibration:
    """Predicted against measured effects of the chosen actions.

    Attributes:
        slope: of the measured on the predicted effect; None if all predictions are equal. 1 is best.
        gap: mean predicted minus mean measured effect.
        tenths: rows by predicted effect, the smallest first; one if all predictions are equal.
    """

    slope: Interval | None
    gap: Interval
    tenths: tuple[CalibrationTenth, ...]

    def json(self) -> dict[str, Any]:
        """The entries of the evidence."""
        return {
            "slope": self.slope.json() if self.slope else None,
            "gap": self.gap.json(),
            "tenths": [
                {"predicted": tenth.predicted, "measured": tenth.measured.json(), "rows": tenth.rows}
                for tenth in self.tenths
            ],
        }


def measure_average_effects(experiment: Experiment, log_odds: Floats, seed: int) -> dict[str, Interval]:
    """Average effect of each action with 95% intervals that hold for all actions at once.

    The half widths are equal in standard errors: the largest deviation of all actions decides (maximum t of the
    bootstrap over people), so that one of many actions does not look helpful by chance.

    Args:
        experiment: all rows.
        log_odds: (n,) of leaving, by models that were not fitted on the row's person.
        seed: random seed of the bootstrap.
    """
    pseudo = pseudo_outcomes(experiment, log_odds)
    present = (~np.isnan(pseudo)).astype(np.float64)
    values = np.nan_to_num(pseudo)

    def means(weights: Weights) -> Mapping[str, Floats]:
        drawn = weights.astype(np.float64)
        return {"effect": (drawn @ values) / np.maximum(drawn @ present, 1e-12)}

    drawn: BootstrapEstimate = estimate({"average": means}, experiment.people, seed)["average"]["effect"]
    error = drawn.draws.std(axis=0)
    deviation = np.abs(drawn.draws - drawn.value) / np.where(error > 0, error, 1.0)
    width = np.percentile(deviation.max(axis=1), 95) * error
    return {
        name: Interval(float(value), float(value - reach), float(value + reach))
        for name, value, reach in zip(experiment.arms[1:], drawn.value, width, strict=True)
    }


def measure_calibration(experiment: Experiment, targeting: Targeting, seed: int) -> EffectCalibration:
    """Compare the predicted effect of each row's best action with the measured one.

    Args:
        experiment: the judged rows.
        targeting: their best actions and the unbiased estimates of what these change.
        seed: random seed of the bootstrap.
    """
    score, gain = targeting.score, targeting.gain
    order = np.argsort(score, kind="stable")
    varies = bool(np.ptp(score) > 1e-9)
    parts = [part for part in np.array_split(order, TENTHS if varies else 1) if len(part)]
    member = np.zeros((len(score), len(parts)))
    for place, part in enumerate(parts):
        member[part, place] = 1.0

    def figures(weights: Weights) -> Mapping[str, Floats]:
        drawn = weights[:, targeting.place].astype(np.float64)
        total = drawn.sum(axis=1)
        predicted, measured = drawn @ score / total, drawn @ gain / total
        cross = drawn @ (score * gain) / total - predicted * measured
        spread = drawn @ score**2 / total - predicted**2
        with np.errstate(invalid="ignore", divide="ignore"):
            slope = cross / spread if varies else np.full(len(total), np.nan)
            tenths = (drawn @ (member * gain[:, None])) / (drawn @ member)
        return {"slope": slope, "gap": predicted - measured, "tenths": tenths}

    drawn = estimate({"calibration": figures}, experiment.people, seed)["calibration"]
    tenths = tuple(
        CalibrationTenth(
            float(score[part].mean()),
            BootstrapEstimate(drawn["tenths"].value[place], drawn["tenths"].draws[:, place]).interval(),
            len(part),
        )
        for place, part in enumerate(parts)
    )
    return EffectCalibration(drawn["slope"].interval() if varies else None, drawn["gap"].interval(), tenths)
