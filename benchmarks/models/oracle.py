"""The simulator's oracle: what nobody can rank better than, and the check that nobody does."""

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
class Verdict:
    """AUC of a model and of the oracle on the same rows, and the standard error of their difference."""

    model: float
    oracle: float
    standard_error: float

    @property
    def leak(self) -> bool:
        """Whether the model knows what cannot be known: it is above the oracle by more than two standard errors."""
        return self.model - self.oracle > 2 * self.standard_error


def compare(frame: Frame, model: Floats, oracle: Floats) -> Verdict:
    """Paired by the bootstrap over entities.

    Args:
        frame: rows with labels and entities.
        model: the model's scores of these rows, any monotone scale.
        oracle: the true probabilities of leaving, of the same rows.
    """
    draws = [auc_draws(frame.labels, scores, frame.entity, SEED) for scores in (model, oracle)]
    error = float(np.nanstd(draws[0] - draws[1], ddof=1))
    return Verdict(auc(frame.labels, model), auc(frame.labels, oracle), error)


def states(truth: Path) -> pd.DataFrame:
    """The simulator's own view of everybody at the snapshot dates."""
    return pd.read_parquet(truth / "states.parquet").assign(as_of=lambda rows: pd.to_datetime(rows["as_of"]))


def probabilities(truth: pd.DataFrame, frame: Frame) -> Floats:
    """The oracle's probability for each row of the frame; NaN where the truth does not count it as a member."""
    rows = pd.DataFrame({"user_id": frame.entity, "as_of": pd.to_datetime(frame.as_of)})
    found = rows.merge(truth[["user_id", "as_of", "probability"]], on=["user_id", "as_of"], how="left")
    return found["probability"].to_numpy(dtype=np.float64)


def agreement(truth: pd.DataFrame, frame: Frame, population: str, dates: list[date]) -> dict[str, int]:
    """How the pipeline's members and labels compare with the truth's at matured dates."""
    rows = pd.DataFrame({"user_id": frame.entity, "as_of": pd.to_datetime(frame.as_of), "label": frame.labels})
    own = truth[
        (truth["population"] == population) & truth["as_of"].isin(pd.to_datetime(dates)) & truth["left"].notna()
    ]
    both = own.merge(rows, on=["user_id", "as_of"], how="outer", indicator=True)
    shared = both[both["_merge"] == "both"]
    return {
        "in both": len(shared),
        "in the truth only": int((both["_merge"] == "left_only").sum()),
        "in the lake only": int((both["_merge"] == "right_only").sum()),
        "labels that differ": int((shared["left"] != shared["label"]).sum()),
    }
