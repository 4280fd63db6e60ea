"""How contacts change labels: the AUC of published scores on all people, and without those whom we contacted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from features.declare.label import LABEL
from training import Contacts, auc

#: fewest people of each class for an AUC.
MIN_CLASS_PEOPLE = 30


@dataclass(frozen=True)
class LabelInfluence:
    """Published scores of a population on days whose labels have matured.

    Attributes:
        population: its name.
        rows: number of scores.
        contacted: number of scores of people whom we contacted within the window of the label.
        auc: on all rows; NaN with too few of a class.
        auc_without_contacted: on the others; NaN with too few of a class.
    """

    population: str
    rows: int
    contacted: int
    auc: float
    auc_without_contacted: float

    @property
    def sentence(self) -> str:
        """What a reader should know."""
        return (
            f"{self.population}: of {self.rows:,} published scores whose labels have matured, {self.contacted:,} are "
            f"of people whom we contacted before their label was known. ROC-AUC is {_text(self.auc)} on all, "
            f"{_text(self.auc_without_contacted)} without them."
        )


def measure_influence(scores: pd.DataFrame, contacts: Contacts, reach: timedelta) -> list[LabelInfluence]:
    """One result for each population.

    Args:
        scores: entity, as_of, population, churn_probability and label of matured days.
        contacts: all our contacts.
        reach: horizon and grace of the label.
    """
    if scores.empty:
        return []
    as_of = scores["as_of"].to_numpy(dtype="datetime64[D]")
    is_contacted = contacts.within_label(scores["entity"].to_numpy(dtype=object), as_of, reach)
    frame = scores.assign(is_contacted=is_contacted)
    return [_measure(str(name), rows) for name, rows in frame.groupby("population")]


def influence_metrics(influences: Sequence[LabelInfluence]) -> dict[str, float]:
    """Figures for MLflow, by name."""
    figures = {}
    for influence in influences:
        figures[f"{influence.population}_contacted_share"] = influence.contacted / influence.rows
        figures[f"{influence.population}_auc"] = influence.auc
        figures[f"{influence.population}_auc_without_contacted"] = influence.auc_without_contacted
    return {name: value for name, value in figures.items() if not np.isnan(value)}


def _measure(population: str, rows: pd.DataFrame) -> LabelInfluence:
    others = rows[~rows["is_contacted"]]
    return LabelInfluence(population, len(rows), int(rows["is_contacted"].sum()), _auc(rows), _auc(others))


def _auc(rows: pd.DataFrame) -> float:
    labels = rows[LABEL].to_numpy(dtype=np.int_)
    if min(labels.sum(), len(labels) - labels.sum()) < MIN_CLASS_PEOPLE:
        return float("nan")
    return auc(labels, rows["churn_probability"].to_numpy(dtype=np.float64))


def _text(value: float) -> str:
    return "not known (too few people)" if np.isnan(value) else f"{value:.3f}"
