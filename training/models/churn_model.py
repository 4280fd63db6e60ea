"""The code of a registered model: MLflow stores this file with every version and runs it wherever it scores.

It imports nothing of this project. The bundle is stored beside it: `family.py`, the native model's file, and
`model.json` with the ordered features, the calibration and the provenance.

A score is additive: `churn_probability = calibrate(base + sum of contributions, calibration)`. The calibration is
strictly increasing and the same for all rows, so it changes neither the ranking nor any reason.
"""

import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow.models
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel
from numpy.typing import NDArray

REASONS = 3
#: weight of the sigmoid in an isotonic calibration, whose flat steps would make ties without it.
SIGMOID_SHARE = 0.05


class Bundle:
    """A stored fitted model: a folder with `model.json`, `family.py` and the family's native files.

    The folder `judged` holds the native files of the judged model, if the model is a refit.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card: dict[str, Any] = json.loads((folder / "model.json").read_text())
        self.family = _load_code(folder / "family.py")
        self.native = self.family.load(folder)
        self.names = [feature["name"] for feature in self.card["features"]]
        self.reason_names = [feature["reason"] for feature in self.card["features"]]
        is_public = np.array([not feature["private"] for feature in self.card["features"]])
        self.public_columns = {
            reason: np.flatnonzero(is_public & (np.array(self.reason_names) == reason)) for reason in self.reason_names
        }

    def rows(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Features of `frame` as floats, shape (n, features), in the model's order; null is NaN."""
        return frame[self.names].to_numpy(dtype=np.float64, na_value=np.nan)

    def probability(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated churn probability, shape (n,)."""
        return calibrate(self.family.margin(self.native, rows), self.card["calibration"])

    def judged_probability(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated churn probability by the judged model, shape (n,); it was not fitted on the evaluation rows."""
        if "judged" not in self.card:
            return self.probability(rows)
        native = self.family.load(self.folder / "judged")
        return calibrate(self.family.margin(native, rows), self.card["judged"]["calibration"])

    def reasons(self, rows: NDArray[np.float64]) -> list[list[str | None]]:
        """Up to three reasons per row that raise its risk above the average, the strongest first.

        Contributions of features with the same reason are summed. A reason is given if its sum is above 0. Its text
        shows the value of the public feature with the largest contribution.
        """
        if not len(rows):
            return []
        attribution = self.attribution(rows)
        strongest = np.argsort(-attribution.sums, axis=1, kind="stable")[:, :REASONS]
        return [
            [
                self._reason_text(attribution, i, group, rows[i]) if attribution.sums[i, group] > 0 else None
                for group in strongest[i]
            ]
            for i in range(len(rows))
        ]

    def attribution(self, rows: NDArray[np.float64]) -> "Attribution":
        """Contribution of each reason to the log-odds of each row."""
        return attribute(self.family, self.native, rows, self.reason_names)

    def _reason_text(self, attribution: "Attribution", i: int, group: int, row: NDArray[np.float64]) -> str:
        """The reason, with the value of its strongest public feature."""
        reason = attribution.names[group]
        columns = self.public_columns[reason]
        if not len(columns) or attribution.features[i, columns].max() <= 0:
            return reason
        column = columns[attribution.features[i, columns].argmax()]
        value = "none" if np.isnan(row[column]) else _number(row[column])
        return f"{reason} ({self.card['features'][column]['description']}: {value})"


@dataclass(frozen=True)
class Attribution:
    """Additive contributions to the log-odds of n rows, which are `base + sums.sum(axis=1)`.

    Attributes:
        names: the reasons, in the order of their first features.
        base: the log-odds common to all rows.
        sums: (n, reasons), positive where a reason raises the risk.
        features: (n, columns), contributions of single features, as the library returns them.
    """

    names: tuple[str, ...]
    base: float
    sums: NDArray[np.float64]
    features: NDArray[np.float64]


def attribute(family: Any, native: Any, rows: NDArray[np.float64], reasons: Sequence[str]) -> Attribution:
    """Sum the family's exact contributions by reason; the sums and the base add up to the margin.

    Args:
        family: the module of the model's family.
        native: the fitted model.
        rows: (n, columns).
        reasons: the reason of each column.

    Libraries with 32-bit floats leave a remainder in the sixth digit. It is distributed in proportion to the size of
    the sums.
    """
    probe = np.zeros((1, len(reasons)))
    base = float(family.margin(native, probe)[0] - family.contributions(native, probe).sum())
    features = family.contributions(native, rows)
    names = tuple(dict.fromkeys(reasons))
    sums = features @ np.array([[reason == name for name in names] for reason in reasons], dtype=np.float64)
    size = np.abs(sums).sum(axis=1, keepdims=True)
    remainder = (family.margin(native, rows) - base)[:, None] - sums.sum(axis=1, keepdims=True)
    return Attribution(
        names, base, sums + remainder * np.divide(np.abs(sums), size, where=size > 0, out=0 * sums), features
    )


class ChurnModel(PythonModel):  # type: ignore[misc]  # MLflow is not typed
    """Maps features to `churn_probability`; with the parameter `explain`, to `reason_1` to `reason_3` as well."""

    def load_context(self, context: Any) -> None:
        """Load the bundle once per process."""
        self.bundle = Bundle(Path(context.artifacts["bundle"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Score each row of `model_input`; the output has the same order and index."""
        rows = self.bundle.rows(model_input)
        result = pd.DataFrame({"churn_probability": self.bundle.probability(rows)}, index=model_input.index)
        if params and params.get("explain"):
            reason_lists = self.bundle.reasons(rows)
            for place in range(REASONS):
                texts = [reasons[place] if place < len(reasons) else None for reasons in reason_lists]
                result[f"reason_{place + 1}"] = pd.Series(texts, index=model_input.index, dtype=object)
        return result


def calibrate(margin: NDArray[np.float64], calibration: Mapping[str, Any]) -> NDArray[np.float64]:
    """Strictly increasing map from log-odds to probabilities, by the `kind` of calibration.

    `identity` and `platt`, or no kind: the sigmoid of `slope * margin + intercept`. `beta`: the sigmoid of
    `a * ln p - b * ln(1 - p) + c` with p the sigmoid of the margin. `isotonic`: straight lines through the points
    (`x`, `y`), mixed with the sigmoid.
    """
    if calibration.get("kind") == "beta":
        low, high = -np.logaddexp(0, -margin), np.logaddexp(0, margin)
        return _sigmoid(calibration["a"] * low + calibration["b"] * high + calibration["c"])
    result = _sigmoid(calibration["slope"] * margin + calibration["intercept"])
    if calibration.get("kind") == "isotonic":
        result = (1 - SIGMOID_SHARE) * np.interp(margin, calibration["x"], calibration["y"]) + SIGMOID_SHARE * result
    return result


def _sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-log_odds))
    return result


def _number(value: float) -> str:
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def _load_code(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"family_of_{abs(hash(path))}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mlflow.models.set_model(ChurnModel())
