"""Quality of published scores, measured once their labels have matured."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from training.evaluate.auc import auc, auc_draws
from training.evaluate.bootstrap import interval
from training.evaluate.metrics import calibration_error

SEED = 0


@dataclass(frozen=True)
class ScoreQuality:
    """Metrics of the scores of one day, population and version; the AUC is NaN if all labels are equal."""

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


def measure_quality(score_date: date, scores: pd.DataFrame, labels: pd.DataFrame, entity: str) -> list[ScoreQuality]:
    """One result for each population and version.

    Args:
        score_date: day of the scores.
        scores: entity, population, churn_probability, model_name, model_version, as published.
        labels: entity and label (1 left, 0 stayed), matured.
        entity: name of the key column.
    """
    joined = scores.merge(labels, on=entity, how="inner", validate="one_to_one")
    keys = ["population", "model_name", "model_version"]
    return [
        _measure(score_date, (str(key[0]), str(key[1]), str(key[2])), rows, entity)
        for key, rows in joined.groupby(keys)
    ]


def _measure(score_date: date, key: tuple[str, str, str], rows: pd.DataFrame, entity: str) -> ScoreQuality:
    from sklearn.metrics import log_loss

    labels, probability = rows["label"].to_numpy(dtype=int), rows["churn_probability"].to_numpy(dtype=float)
    estimate = interval(auc(labels, probability), auc_draws(labels, probability, rows[entity].to_numpy(), SEED))
    return ScoreQuality(
        score_date, *key, len(rows), int(labels.sum()), estimate.value, estimate.low, estimate.high,
        float(log_loss(labels, probability, labels=[0, 1])), calibration_error(labels, probability),
    )  # fmt: skip
