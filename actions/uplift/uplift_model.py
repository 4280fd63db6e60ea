"""The code of a registered response model: MLflow stores this file with every version and runs it wherever it predicts.

It imports nothing of this project. The bundle is stored beside it: `model.json`, the file `family.py` of the outcome
models, one folder of native files for each outcome model, and one `.ubj` file for each boosted effect model.

The effect of an action is the change of the probability of staying, action minus control:
`effect = average + slope * (raw - center)`. `raw` is the learner's own prediction and `center` its mean on the rows of
the fit. `average` is the average effect that the experiment measured. `slope` scales the differences between people as
cross validation asks for; 0 gives everybody the average.
"""

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow.models
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class UpliftBundle:
    """A fitted learner: its card, outcome models and effect models.

    Attributes:
        card: content of `model.json`.
        family: module of the outcome models' family; None without outcome models.
        outcomes: native models by name; each gives log-odds of leaving.
        boosters: boosted effect models by name.
        names: features of the input, in order.
    """

    def __init__(
        self,
        card: Mapping[str, Any],
        family: ModuleType | None,
        outcomes: Mapping[str, Any],
        boosters: Mapping[str, Any],
    ) -> None:
        self.card, self.family, self.outcomes, self.boosters = card, family, outcomes, boosters
        self.names: list[str] = card["features"]

    @classmethod
    def read(cls, folder: Path) -> "UpliftBundle":
        """Read a stored bundle."""
        card: dict[str, Any] = json.loads((folder / "model.json").read_text())
        family = _load_code(folder / "family.py") if card["outcomes"] else None
        outcomes = {name: family.load(folder / name) for name in card["outcomes"]} if family else {}
        return cls(card, family, outcomes, {name: _load_booster(folder / f"{name}.ubj") for name in card["boosters"]})

    def rows(self, frame: pd.DataFrame) -> Floats:
        """Features of `frame` as floats, shape (n, features), in the model's order; null is NaN."""
        return frame[self.names].to_numpy(dtype=np.float64, na_value=np.nan)

    def effects(self, rows: Floats) -> Floats:
        """Predicted effects (n, actions) of features (n, features)."""
        average, slope, center = (np.asarray(self.card[name]) for name in ("average", "slope", "center"))
        effects: Floats = average + slope * (self.raw_effects(rows) - center)
        return effects

    def raw_effects(self, rows: Floats) -> Floats:
        """The learner's own effects (n, actions), before calibration."""
        return RAW_EFFECTS[self.card["learner"]](self, rows)

    def churn(self, outcome: str, rows: Floats) -> Floats:
        """Probability (n,) of leaving by one outcome model."""
        return 1.0 / (1.0 + np.exp(-self.log_odds(outcome, rows)))

    def log_odds(self, outcome: str, rows: Floats) -> Floats:
        """Log-odds (n,) of leaving by one outcome model."""
        if self.family is None:
            raise ValueError(f"a model of {outcome} needs family.py")
        margin: Floats = self.family.margin(self.outcomes[outcome], rows)
        return margin

    def selected(self, rows: Floats) -> Floats:
        """Columns that the learner was fitted on."""
        columns: Floats = rows[:, self.card["columns"]]
        return columns

    def outcome_columns(self, rows: Floats) -> Floats:
        """Columns of the outcome model that pays no regard to the arm."""
        columns: Floats = rows[:, self.card["outcome_columns"]]
        return columns

    def effect_columns(self, rows: Floats) -> Floats:
        """Input of effect models: the selected columns, then the log-odds of leaving without regard to the arm."""
        return np.column_stack([self.selected(rows), self.log_odds("outcome", self.outcome_columns(rows))])

    def effect_models(self, group: str, rows: Floats) -> Floats:
        """Predictions (n, actions) of one group of effect models."""
        model, columns = self.card["effects"][group], self.effect_columns(rows)
        if model["kind"] == "linear":
            return linear_effects(model, columns)
        return boosted_effects(self.boosters[group], columns, len(self.card["actions"]))


def linear_effects(model: Mapping[str, Any], columns: Floats) -> Floats:
    """Linear effects (n, actions): standardised columns and squares of the last one times coefficients."""
    design = linear_design(columns, *(np.asarray(model[name]) for name in ("fill", "middle", "scale")))
    effects: Floats = np.asarray(model["intercept"]) + design @ np.asarray(model["coefficients"])
    return effects


def linear_design(columns: Floats, fill: Floats, middle: Floats, scale: Floats) -> Floats:
    """Columns filled, standardised and clipped at 3 standard deviations, then the centred square of the last one."""
    design = np.clip((np.where(np.isnan(columns), fill, columns) - middle) / scale, -3.0, 3.0)
    return np.column_stack([design, design[:, -1] ** 2 - 1.0])


def boosted_effects(booster: Any, columns: Floats, actions: int) -> Floats:
    """Effects (n, actions) of a booster that was fitted on rows stacked by action."""
    import xgboost

    effects = [booster.predict(xgboost.DMatrix(stacked(columns, action, actions))) for action in range(actions)]
    return np.column_stack(effects).astype(np.float64)


def stacked(columns: Floats, arm: int, arms: int) -> Floats:
    """Columns with one indicator for each arm, of which that of `arm` is 1; `arm` -1 sets none."""
    indicators = np.zeros((len(columns), arms))
    if arm >= 0:
        indicators[:, arm] = 1.0
    return np.column_stack([columns, indicators])


def _constant(bundle: UpliftBundle, rows: Floats) -> Floats:
    return np.zeros((len(rows), len(bundle.card["actions"])))


def _risk(bundle: UpliftBundle, rows: Floats) -> Floats:
    """In proportion to the probability of leaving: the riskiest gain most."""
    churn = bundle.churn("outcome", bundle.outcome_columns(rows))
    effects: Floats = churn[:, None] * np.asarray(bundle.card["per_risk"])
    return effects


def _s_learner(bundle: UpliftBundle, rows: Floats) -> Floats:
    """One outcome model with the arm as a feature: the prediction for control minus that for the action."""
    columns, arms = bundle.selected(rows), len(bundle.card["actions"])
    control = bundle.churn("arms", stacked(columns, -1, arms))
    return np.column_stack([control - bundle.churn("arms", stacked(columns, arm, arms)) for arm in range(arms)])


def _t_learner(bundle: UpliftBundle, rows: Floats) -> Floats:
    """One outcome model for each arm."""
    columns, arms = bundle.selected(rows), len(bundle.card["actions"])
    control = bundle.churn("arm_0", columns)
    return np.column_stack([control - bundle.churn(f"arm_{arm + 1}", columns) for arm in range(arms)])


def _x_learner(bundle: UpliftBundle, rows: Floats) -> Floats:
    """Two effect models for each action, weighted by the design's probability of the action."""
    share = np.asarray(bundle.card["treated_share"])
    treated, control = (bundle.effect_models(group, rows) for group in ("treated", "control"))
    effects: Floats = share * control + (1.0 - share) * treated
    return effects


def _dr_learner(bundle: UpliftBundle, rows: Floats) -> Floats:
    return bundle.effect_models("effect", rows)


def _class_transformation(bundle: UpliftBundle, rows: Floats) -> Floats:
    """One classifier of the transformed outcome, whose probability is (1 - effect) / 2."""
    effects: Floats = 1.0 - 2.0 * bundle.churn("transformed", bundle.selected(rows))[:, None]
    return effects


RAW_EFFECTS = {
    "constant": _constant,
    "risk": _risk,
    "s": _s_learner,
    "t": _t_learner,
    "x": _x_learner,
    "dr": _dr_learner,
    "class_transformation": _class_transformation,
}


class UpliftModel(PythonModel):  # type: ignore[misc]  # MLflow is not typed
    """Maps features to `effect_<action>`, the change of the probability of staying."""

    def load_context(self, context: Any) -> None:
        """Load the bundle once per process."""
        self.bundle = UpliftBundle.read(Path(context.artifacts["bundle"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predict the effects of each row of `model_input`; the output has the same order and index."""
        names = [f"effect_{action}" for action in self.bundle.card["actions"]]
        return pd.DataFrame(self.bundle.effects(self.bundle.rows(model_input)), columns=names, index=model_input.index)


def _load_booster(path: Path) -> Any:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    return booster


def _load_code(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"family_of_{abs(hash(path))}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mlflow.models.set_model(UpliftModel())
