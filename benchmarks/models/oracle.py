"""The oracle, the simulator's true probability of leaving: no honest model ranks better."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from training import Frame, auc
from training.evaluate.auc import auc_draws
from training.evaluate.metrics import Floats

SEED = 20260101


@dataclass(frozen=True)
class OracleComparison:
    """AUC of a model and of the oracle on the same rows, and the standard error of their difference."""

    model: float
    oracle: float
    standard_error: float

    @property
    def leak(self) -> bool:
        """Whether the model is better than the oracle by more than two standard errors, which needs future data."""
        return self.model - self.oracle > 2 * self.standard_error


def compare(frame: Frame, model: Floats, oracle: Floats) -> OracleComparison:
    """Compare the AUCs of a model and of the oracle, paired, by the bootstrap over entities.

    Args:
        frame: rows with labels and entities.
        model: (n,) scores of the model, on any monotone scale.
        oracle: (n,) true probabilities of leaving.
    """
    draws = [auc_draws(frame.labels, scores, frame.entity, SEED) for scores in (model, oracle)]
    error = float(np.nanstd(draws[0] - draws[1], ddof=1))
    return OracleComparison(auc(frame.labels, model), auc(frame.labels, oracle), error)


def states(truth: Path) -> pd.DataFrame:
    """Read the simulator's states of all subscribers on the first of each month."""
    return pd.read_parquet(truth / "states.parquet").assign(as_of=lambda rows: pd.to_datetime(rows["as_of"]))


def probabilities(truth: pd.DataFrame, frame: Frame, column: str = "probability") -> Floats:
    """The true probability (n,) of each row of the frame; NaN for rows that the truth does not contain.

    Args:
        truth: the simulator's states.
        frame: rows of a population.
        column: `probability` is the oracle's; `reachable` is given all that exports can show at best.
    """
    rows = pd.DataFrame({"user_id": frame.entity, "as_of": pd.to_datetime(frame.as_of)})
    merged = rows.merge(truth[["user_id", "as_of", column]], on=["user_id", "as_of"], how="left")
    return merged[column].to_numpy(dtype=np.float64)


def agreement(truth: pd.DataFrame, frame: Frame, population: str, dates: list[date]) -> dict[str, int]:
    """Count how members and labels of the pipeline agree with the truth at matured dates."""
    rows = pd.DataFrame({"user_id": frame.entity, "as_of": pd.to_datetime(frame.as_of), "label": frame.labels})
    matured = truth[
        (truth["population"] == population) & truth["as_of"].isin(pd.to_datetime(dates)) & truth["left"].notna()
    ]
    both = matured.merge(rows, on=["user_id", "as_of"], how="outer", indicator=True)
    shared = both[both["_merge"] == "both"]
    return {
        "in both": len(shared),
        "in the truth only": int((both["_merge"] == "left_only").sum()),
        "in the lake only": int((both["_merge"] == "right_only").sum()),
        "labels that differ": int((shared["left"] != shared["label"]).sum()),
    }
