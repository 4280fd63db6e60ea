"""The code of a registered model: MLflow stores this file with every version and runs it wherever it scores.

It imports nothing of this project. Beside it lies the bundle: `family.py` with the native model's file, and
`model.json` with the features in their order, the calibration, and where the version comes from.

A score is the sum of its reasons: `churn_probability = calibrate(base + sum of the reasons, calibration)`. The
calibration rises with that sum and is the same for all people, so it changes neither who is first nor any reason.
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
#: how much of the sigmoid is in an isotonic calibration, whose steps would tie without it.
SIGMOID_SHARE = 0.05


class Bundle:
    """A fitted model as it is stored: a folder with `model.json`, `family.py` and the family's native files."""

    def __init__(self, folder: Path) -> None:
        self.card: dict[str, Any] = json.loads((folder / "model.json").read_text())
        self.family = _load_code(folder / "family.py")
        self.native = self.family.load(folder)
        self.names = [feature["name"] for feature in self.card["features"]]
        self.reason_of = [feature["reason"] for feature in self.card["features"]]
        open_to_all = np.array([not feature["private"] for feature in self.card["features"]])
        self.speakers = {
            reason: np.flatnonzero(open_to_all & (np.array(self.reason_of) == reason)) for reason in self.reason_of
        }

    def rows(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """The features of `frame` as floats, in the model's order; null is NaN."""
        return frame[self.names].to_numpy(dtype=np.float64, na_value=np.nan)

    def probability(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probability of leaving, shape (n,)."""
        return calibrate(self.family.margin(self.native, rows), self.card["calibration"])

    def reasons(self, rows: NDArray[np.float64]) -> list[list[str | None]]:
        """Up to three sentences a row, the strongest first: what raises its risk above the average.

        Contributions of the features that share a reason are added up; a reason counts if its sum is
        above 0, and speaks through the feature that adds most to it and is not private.
        """
        if not len(rows):
            return []
        told = self.attribution(rows)
        strongest = np.argsort(-told.sums, axis=1, kind="stable")[:, :REASONS]
        return [
            [self._say(told, i, group, rows[i]) if told.sums[i, group] > 0 else None for group in strongest[i]]
            for i in range(len(rows))
        ]

    def attribution(self, rows: NDArray[np.float64]) -> "Attribution":
        """What each reason adds to the log-odds of each row."""
        return attribute(self.family, self.native, rows, self.reason_of)

    def _say(self, told: "Attribution", i: int, group: int, row: NDArray[np.float64]) -> str:
        """The reason, and the number of its strongest feature that is not private."""
        reason = told.names[group]
        columns = self.speakers[reason]
        if not len(columns) or told.features[i, columns].max() <= 0:
            return reason
        column = columns[told.features[i, columns].argmax()]
        value = "none" if np.isnan(row[column]) else _number(row[column])
        return f"{reason} ({self.card['features'][column]['description']}: {value})"


@dataclass(frozen=True)
class Attribution:
    """What adds up to the log-odds of n rows: `base + sums.sum(axis=1)`.

    Attributes:
        names: the reasons, in the order of the features that first name them.
        base: the log-odds that every row begins from.
        sums: (n, reasons), positive where a reason raises the risk.
        features: (n, columns), the same by feature, as the library tells it.
    """

    names: tuple[str, ...]
    base: float
    sums: NDArray[np.float64]
    features: NDArray[np.float64]


def attribute(family: Any, native: Any, rows: NDArray[np.float64], reasons: Sequence[str]) -> Attribution:
    """Add up the family's exact contributions by reason, to the very margin.

    Args:
        family: the module of the model's family.
        native: the fitted model.
        rows: (n, columns).
        reasons: of each column.

    Libraries that keep 32-bit floats leave a rest in the sixth digit; it is shared out by the size of the reasons.
    """
    probe = np.zeros((1, len(reasons)))
    base = float(family.margin(native, probe)[0] - family.contributions(native, probe).sum())
    features = family.contributions(native, rows)
    names = tuple(dict.fromkeys(reasons))
    sums = features @ np.array([[reason == name for name in names] for reason in reasons], dtype=np.float64)
    size = np.abs(sums).sum(axis=1, keepdims=True)
    rest = (family.margin(native, rows) - base)[:, None] - sums.sum(axis=1, keepdims=True)
    return Attribution(names, base, sums + rest * np.divide(np.abs(sums), size, where=size > 0, out=0 * sums), features)


class ChurnModel(PythonModel):  # type: ignore[misc]  # MLflow is not typed
    """Features in, `churn_probability` out; with the parameter `explain`, `reason_1` to `reason_3` as well."""

    def load_context(self, context: Any) -> None:
        """Load the bundle once per process."""
        self.bundle = Bundle(Path(context.artifacts["bundle"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """One row of output for each row of `model_input`, in its order."""
        rows = self.bundle.rows(model_input)
        result = pd.DataFrame({"churn_probability": self.bundle.probability(rows)}, index=model_input.index)
        if params and params.get("explain"):
            said = self.bundle.reasons(rows)
            for place in range(REASONS):
                texts = [reasons[place] if place < len(reasons) else None for reasons in said]
                result[f"reason_{place + 1}"] = pd.Series(texts, index=model_input.index, dtype=object)
        return result


def calibrate(margin: NDArray[np.float64], calibration: Mapping[str, Any]) -> NDArray[np.float64]:
    """Probability from log-odds, strictly increasing, as the `kind` of calibration says.

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
