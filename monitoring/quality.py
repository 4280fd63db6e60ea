"""Quality of published scores, once it is known who left."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from training.evaluate.auc import auc_draws
from training.evaluate.bootstrap import interval
from training.evaluate.metrics import auc, calibration_error

SEED = 0


@dataclass(frozen=True)
class Quality:
    """How the scores of one day and population held; NaN where only one class came out."""

    score_date: date
    population: str
    model_name: str
    model_version: str
    rows: int
    left: int
    auc: float
    auc_low: float
    auc_high: float
    log_loss: float
    calibration_error: float


def quality(score_date: date, scores: pd.DataFrame, labels: pd.DataFrame, entity: str) -> list[Quality]:
    """One result per population and version.

    Args:
        score_date: the day scored.
        scores: entity, population, churn_probability, model_name, model_version, as published.
        labels: entity and label (1 left, 0 stayed), matured.
        entity: name of the key column.
    """
    joined = scores.merge(labels, on=entity, how="inner", validate="one_to_one")
    who = ["population", "model_name", "model_version"]
    return [
        _one(score_date, (str(key[0]), str(key[1]), str(key[2])), rows, entity) for key, rows in joined.groupby(who)
    ]


def _one(score_date: date, who: tuple[str, str, str], rows: pd.DataFrame, entity: str) -> Quality:
    from sklearn.metrics import log_loss

    labels, probability = rows["label"].to_numpy(dtype=int), rows["churn_probability"].to_numpy(dtype=float)
    area = interval(auc(labels, probability), auc_draws(labels, probability, rows[entity].to_numpy(), SEED))
    return Quality(
        score_date, *who, len(rows), int(labels.sum()), area.value, area.low, area.high,
        float(log_loss(labels, probability, labels=[0, 1])), calibration_error(labels, probability),
    )  # fmt: skip
