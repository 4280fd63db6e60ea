"""Evidence of a response model: the figures that `uplift` writes for the gate, and the sentence about its result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from actions.experiment import Experiment
from actions.uplift.design_checks import Contamination, balance, contamination, placebo, sample_ratio
from actions.uplift.effect_measurement import EffectCalibration, measure_average_effects, measure_calibration
from actions.uplift.evaluation import Evaluation
from actions.uplift.judged_rows import experiment_digest
from actions.uplift.learners import CONSTANT
from actions.uplift.qini import qini_estimates
from training.evaluate.bootstrap import BootstrapEstimate, Interval

SCHEMA, KIND = 1, "uplift"
NO_DIFFERENCE = "No usable difference between people: contact all or none."


@dataclass(frozen=True)
class UpliftResults:
    """Everything that was measured.

    Attributes:
        evaluation: learners and their gains.
        average_effects: of each action on all rows; intervals hold for all actions at once.
        calibration: predicted against measured effects of the selected learner, on the judged rows.
        qini: coefficients of the selected learner for each action; empty for a constant effect.
        design: checks of the design, as in the evidence.
        placebo: ordering gain among control rows with arms by a coin.
    """

    evaluation: Evaluation
    average_effects: Mapping[str, Interval]
    calibration: EffectCalibration
    qini: Mapping[str, Mapping[str, Interval]]
    design: Mapping[str, Any]
    placebo: Interval

    @property
    def helpful(self) -> list[str]:
        """Actions that surely keep people on average, the best first."""
        sure = {name: effect.value for name, effect in self.average_effects.items() if effect.low > 0}
        return sorted(sure, key=lambda name: -sure[name])

    @property
    def is_registered(self) -> bool:
        """Whether there is something to register: usable differences, or an action that surely helps on average."""
        return self.evaluation.is_usable or bool(self.helpful)

    @property
    def sentence(self) -> str:
        """The result, for people."""
        evaluation = self.evaluation
        if evaluation.is_usable:
            gain = evaluation.judged[evaluation.chosen].over_constant.interval()
            return f"The learner {evaluation.chosen} keeps {points(gain)} more people than one effect for everybody."
        if self.helpful:
            best = self.helpful[0]
            return f"{NO_DIFFERENCE} On average {best} keeps {points(self.average_effects[best])} of the people."
        return f"{NO_DIFFERENCE} No action surely keeps people on average, so no model is registered."


def measure(experiment: Experiment, evaluation: Evaluation, seed: int, days: int, share: float | None) -> UpliftResults:
    """Measure effects, calibration and design.

    Args:
        experiment: all rows.
        evaluation: of the same rows.
        seed: random seed of the bootstrap.
        days: window for contacts of other campaigns.
        share: of control rows with a contact outside the design; None if it was not counted.
    """
    split, name = evaluation.split, evaluation.selected.learner.name
    targeting = evaluation.targetings[name]
    effects = evaluation.selected.bundle.effects(split.judged.rows)
    outside: Contamination = contamination(experiment, days, share)
    log_odds = np.concatenate(evaluation.log_odds)
    order = _concatenated(split.development, split.judged)
    return UpliftResults(
        evaluation,
        measure_average_effects(order, log_odds, seed),
        measure_calibration(split.judged, targeting, seed),
        qini_estimates(split.judged, effects, seed) if name != CONSTANT.name else {},
        {
            "sample_ratio": asdict(sample_ratio(experiment)),
            "balance": asdict(balance(experiment)),
            "contamination": asdict(outside),
        },
        placebo(split.judged, targeting, evaluation.log_odds[1], seed),
    )


def uplift_evidence(results: UpliftResults, about: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence file's content.

    Args:
        results: what was measured.
        about: project, population, model, data, code, commit and packages.
    """
    evaluation, selected = results.evaluation, results.evaluation.selected
    judged = evaluation.judged[selected.learner.name]
    return {
        "schema": SCHEMA, "kind": KIND, **about,
        "learner": selected.learner.name, "description": selected.learner.description,
        "constant": selected.learner.name == CONSTANT.name,
        "chosen": evaluation.chosen, "sentence": results.sentence, "registered": results.is_registered,
        "gain": {name: estimate_json(getattr(judged, name)) for name in ("area", "over_constant", "order", "all")},
        "average_effects": {name: interval_json(effect) for name, effect in results.average_effects.items()},
        "qini": {
            action: {name: interval_json(value) for name, value in figures.items() if np.isfinite(value.value)}
            for action, figures in results.qini.items()
        },
        "calibration": {**results.calibration.json(), **_safe_calibration(results.calibration)},
        "design": dict(results.design),
        "placebo": interval_json(results.placebo),
        "candidates": candidates(evaluation),
        "failures": dict(evaluation.failures),
    }  # fmt: skip


def candidates(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Gains of every learner over the constant effect: cross-fitted on earlier campaigns, and on the judged rows."""
    return [
        {
            "name": name,
            "description": fitted.learner.description,
            "slope": float(fitted.bundle.card["slope"]),
            "development": estimate_json(evaluation.development[name].over_constant),
            "judged": estimate_json(evaluation.judged[name].over_constant),
        }
        for name, fitted in evaluation.learners.items()
    ]


def data_of(experiment: Experiment, evaluation: Evaluation) -> dict[str, Any]:
    """The evidence's entry `data`."""
    split = evaluation.split
    parts = {"development": split.development, "judged": split.judged}
    return {
        "digest": experiment_digest(experiment),
        "judged_digest": experiment_digest(split.judged),
        "validation": split.validation,
        **{name: sorted({str(campaign) for campaign in part.campaigns}) for name, part in parts.items()},
        **{f"{name}_rows": len(part) for name, part in parts.items()},
        **{f"{name}_dates": [str(part.assigned_on.min()), str(part.assigned_on.max())] for name, part in parts.items()},
        "judged_people": len(np.unique(split.judged.people.astype(str))),
        "judged_left": int((split.judged.outcome < 0.5).sum()),
        "rows_by_arm": {
            name: int((split.judged.arm == number).sum()) for number, name in enumerate(split.judged.arms)
        },
    }  # fmt: skip


def interval_json(interval: Interval) -> dict[str, float]:
    """A value within its interval: a percentile interval of few draws may just miss its value."""
    value = float(interval.value)
    return {"value": value, "low": min(float(interval.low), value), "high": max(float(interval.high), value)}


def estimate_json(estimate: BootstrapEstimate) -> dict[str, float]:
    """A bootstrap estimate as in the evidence."""
    return interval_json(estimate.interval())


def points(interval: Interval) -> str:
    """A difference of shares in points, with its interval."""
    value, low, high = (100 * number for number in (interval.value, interval.low, interval.high))
    return f"{value:+.2f} points (95% interval {low:+.2f} to {high:+.2f})"


def _safe_calibration(calibration: EffectCalibration) -> dict[str, Any]:
    slope = interval_json(calibration.slope) if calibration.slope else None
    return {"slope": slope, "gap": interval_json(calibration.gap)}


def _concatenated(first: Experiment, second: Experiment) -> Experiment:
    """Both parts, one after the other."""
    joined = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in (
            "rows", "people", "campaigns", "assigned_on", "arm", "probability", "outcome", "baseline",
        )
    }  # fmt: skip
    return Experiment(names=first.names, arms=first.arms, cost=first.cost, **joined)
