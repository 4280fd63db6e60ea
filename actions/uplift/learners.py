"""Learners of individual effects from randomised assignments with known probabilities, several actions at once.

S, T, X: Künzel et al. (2019). DR: Kennedy (2023). Class transformation: Jaskowski and Jaroszewicz (2012). Two
baselines: no difference between people (each action has one effect), and an effect in proportion to the risk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from actions.experiment import Experiment, ExperimentError, Floats
from actions.uplift.effect_models import fit_boosted, fit_linear
from actions.uplift.pseudo_outcomes import (
    OUTCOME_FAMILY,
    LearnerInput,
    fit_outcome,
    precision_weights,
    stay_probability,
)
from actions.uplift.uplift_model import UpliftBundle
from training.models.families import family as find_family


@dataclass(frozen=True)
class Learner:
    """A way to learn effects.

    Attributes:
        name: in runs, evidence and pictures.
        kind: `constant`, `risk`, `s`, `t`, `x`, `dr` or `class_transformation`.
        family: of its outcome models.
        effect_model: `linear` or `boosted`, for X and DR.
        description: for the model card.
    """

    name: str
    kind: str
    description: str
    family: str = OUTCOME_FAMILY
    effect_model: str = ""

    def fit(self, rows: LearnerInput) -> UpliftBundle:
        """Fit on rows; the effects are raw until `calibrated`.

        Raises:
            ExperimentError: the rows do not suit the learner.
        """
        parts = FITS[self.kind](self, rows)
        return _bundle(self, rows, parts)


@dataclass
class LearnerParts:
    """Fitted parts of a learner, as in `UpliftBundle`."""

    outcomes: dict[str, Any] = field(default_factory=dict)
    boosters: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)


CONSTANT = Learner("constant", "constant", "the average effect of each action, the same for everybody")
#: learners that are tried, the two baselines first.
LEARNERS = (
    CONSTANT,
    Learner("risk", "risk", "an effect in proportion to the predicted churn"),
    Learner("s_xgboost", "s", "one outcome model with the action as a feature"),
    Learner("t_logistic", "t", "one outcome model for each arm", "logistic"),
    Learner("x_linear", "x", "linear models of effects imputed by models of the other arm", effect_model="linear"),
    Learner("dr_linear", "dr", "linear models of doubly robust pseudo-outcomes", effect_model="linear"),
    Learner("dr_boosted", "dr", "boosted trees on doubly robust pseudo-outcomes", effect_model="boosted"),
)
#: only for experiments with one action.
CLASS_TRANSFORMATION = Learner(
    "class_transformation", "class_transformation", "one model of the transformed outcome, reweighted by the design"
)


def learners_for(experiment: Experiment) -> tuple[Learner, ...]:
    """The learners that suit an experiment."""
    return (*LEARNERS, CLASS_TRANSFORMATION) if len(experiment.arms) == 2 else LEARNERS


def calibrated(bundle: UpliftBundle, average: Floats, slope: float, center: Floats) -> UpliftBundle:
    """The same learner with another average effect of each action, spread of the effects and centre."""
    card = {**bundle.card, "average": average.tolist(), "slope": slope, "center": center.tolist()}
    return UpliftBundle(card, bundle.family, bundle.outcomes, bundle.boosters)


def _bundle(learner: Learner, rows: LearnerInput, parts: LearnerParts) -> UpliftBundle:
    actions = list(rows.experiment.arms[1:])
    card = {
        "schema": 1, "kind": "uplift", "learner": learner.kind, "name": learner.name, "actions": actions,
        "features": list(rows.experiment.names), "columns": list(rows.columns),
        "outcome_columns": list(rows.outcome.columns),
        "outcomes": sorted(parts.outcomes), "boosters": sorted(parts.boosters), "effects": {},
        "average": [0.0] * len(actions), "slope": 1.0, "center": [0.0] * len(actions), **parts.card,
    }  # fmt: skip
    module = find_family(learner.family) if parts.outcomes else None
    return UpliftBundle(card, module, parts.outcomes, parts.boosters)


def _fit_constant(learner: Learner, rows: LearnerInput) -> LearnerParts:
    return LearnerParts()


def _fit_risk(learner: Learner, rows: LearnerInput) -> LearnerParts:
    """The effect for each unit of churn probability, by weighted least squares through the origin."""
    churn = 1.0 - stay_probability(rows.log_odds)
    weights, pseudo = precision_weights(rows.experiment), np.nan_to_num(rows.pseudo_outcomes)
    per_risk = (weights * churn[:, None] * pseudo).sum(axis=0) / (weights * churn[:, None] ** 2).sum(axis=0)
    parts = _with_outcome(rows)
    parts.card["per_risk"] = per_risk.tolist()
    return parts


def _fit_s(learner: Learner, rows: LearnerInput) -> LearnerParts:
    arms = len(rows.experiment.arms) - 1
    indicators = (rows.experiment.arm[:, None] == np.arange(1, arms + 1)).astype(np.float64)
    columns = np.column_stack([rows.selected, indicators])
    return LearnerParts({"arms": fit_outcome(learner.family, columns, 1.0 - rows.experiment.outcome, rows.seed)})


def _fit_t(learner: Learner, rows: LearnerInput) -> LearnerParts:
    return LearnerParts(_arm_models(learner.family, rows))


def _fit_x(learner: Learner, rows: LearnerInput) -> LearnerParts:
    experiment, columns = rows.experiment, rows.selected
    module, natives = find_family(learner.family), _arm_models(learner.family, rows)
    left = 1.0 - experiment.outcome
    churn = [1.0 - stay_probability(module.margin(natives[f"arm_{arm}"], columns)) for arm in range(len(natives))]
    control = (experiment.arm == 0)[:, None]
    treated = experiment.arm[:, None] == np.arange(1, len(natives))
    predicted = np.column_stack(churn[1:])
    parts, inputs = _with_outcome(rows), _effect_columns(rows)
    parts.card["treated_share"] = _treated_share(experiment).tolist()
    for group, mask, target in (
        ("treated", treated, np.broadcast_to((churn[0] - left)[:, None], treated.shape)),
        ("control", np.broadcast_to(control, treated.shape) & (experiment.probability[:, 1:] > 0),
         left[:, None] - predicted),
    ):  # fmt: skip
        weights = np.where(mask, 1.0 / experiment.assigned_probability[:, None], 0.0)
        _add_effect_model(learner, parts, group, inputs, np.where(mask, target, np.nan), weights, rows.seed)
    return parts


def _fit_dr(learner: Learner, rows: LearnerInput) -> LearnerParts:
    parts = _with_outcome(rows)
    weights = precision_weights(rows.experiment)
    _add_effect_model(learner, parts, "effect", _effect_columns(rows), rows.pseudo_outcomes, weights, rows.seed)
    return parts


def _fit_class_transformation(learner: Learner, rows: LearnerInput) -> LearnerParts:
    """Treated who stayed and control who left are of one class; weights make both arms equally likely."""
    experiment = rows.experiment
    if len(experiment.arms) != 2:
        raise ExperimentError(
            f"Class transformation needs one action and control, but the experiment has {len(experiment.arms)} arms: "
            "use the S, T, X or DR learner."
        )
    transformed = (experiment.arm == 1) == (experiment.outcome > 0.5)
    weights = 0.5 / experiment.assigned_probability
    other_class = (~transformed).astype(np.float64)
    native = fit_outcome(learner.family, rows.selected, other_class, rows.seed, weights / weights.mean())
    return LearnerParts({"transformed": native})


def _arm_models(family_name: str, rows: LearnerInput) -> dict[str, Any]:
    """One outcome model for each arm, control first."""
    experiment, columns = rows.experiment, rows.selected
    models = {}
    for arm, name in enumerate(experiment.arms):
        member = experiment.arm == arm
        try:
            models[f"arm_{arm}"] = fit_outcome(family_name, columns[member], 1 - experiment.outcome[member], rows.seed)
        except ExperimentError as error:
            raise ExperimentError(f"Arm {name}: {error}") from None
    return models


def _with_outcome(rows: LearnerInput) -> LearnerParts:
    return LearnerParts({"outcome": rows.outcome.native})


def _effect_columns(rows: LearnerInput) -> Floats:
    return np.column_stack([rows.selected, rows.log_odds])


def _treated_share(experiment: Experiment) -> Floats:
    """Mean probability of each action against control."""
    control, treated = experiment.probability[:, :1], experiment.probability[:, 1:]
    mask = treated > 0
    share: Floats = (treated.sum(axis=0)) / np.maximum((treated + control * mask).sum(axis=0), 1e-12)
    return share


def _add_effect_model(
    learner: Learner, parts: LearnerParts, group: str, columns: Floats, targets: Floats, weights: Floats, seed: int
) -> None:  # fmt: skip
    if learner.effect_model == "linear":
        parts.card.setdefault("effects", {})[group] = fit_linear(columns, targets, weights)
        return
    parts.card.setdefault("effects", {})[group] = {"kind": "boosted"}
    parts.boosters[group] = fit_boosted(columns, targets, weights, seed)


FITS: Mapping[str, Callable[[Learner, LearnerInput], LearnerParts]] = {
    "constant": _fit_constant,
    "risk": _fit_risk,
    "s": _fit_s,
    "t": _fit_t,
    "x": _fit_x,
    "dr": _fit_dr,
    "class_transformation": _fit_class_transformation,
}
