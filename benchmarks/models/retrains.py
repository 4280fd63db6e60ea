"""Correlation of two successive trainings: the challenger, and the same model fitted with one month less.

Run `python -m benchmarks retrains` after `make run`; `benchmarks/gate/gate.py` uses the figures.
"""

import json
from datetime import date
from typing import Any

import mlflow
import numpy as np
from mlflow import MlflowClient
from scipy.stats import norm, rankdata

from benchmarks.models.frames import population_frame
from features import Population
from jobs.runtime.context import Context
from training import Frame
from training.data.folds import Split
from training.data.immature_seasonal_features import without
from training.evaluate.delong import delong
from training.evaluate.metrics import Floats
from training.search.candidate import fit_candidate

PROJECT = "churn"


def main() -> None:
    """Print a row for each population."""
    context = Context.of(PROJECT)
    mlflow.set_tracking_uri(context.settings.require_tracking())
    print("\n| population | rows | left | people | rows a person | AUC | with a month less | standard error of the "
          "difference | correlation among those who left | among who stayed | of one person's rows |")  # fmt: skip
    print("|---" * 11 + "|")
    for population in context.project.populations:
        print(_row(context, population), flush=True)


def _row(context: Context, population: Population) -> str:
    test_rows, now, before = _scores(context, population)
    comparison = delong(test_rows.labels, [now, before], test_rows.entity)
    people = len(np.unique(test_rows.entity))
    left = test_rows.labels == 1
    correlations = [_correlation(now[part], before[part]) for part in (left, ~left)]
    gap = comparison.difference(0, 1)
    cells = [
        population.name, f"{len(test_rows):,}", f"{left.sum():,}", f"{people:,}", f"{len(test_rows) / people:.2f}",
        f"{comparison.auc[0]:.4f}", f"{comparison.auc[1]:.4f}", f"{(gap.high - gap.low) / 2 / norm.ppf(0.975):.5f}",
        *(f"{value:.3f}" for value in correlations), f"{_person_correlation(test_rows, now):.2f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _scores(context: Context, population: Population) -> tuple[Frame, Floats, Floats]:
    """Out-of-time rows, and their scores by the model and by the model with a month less."""
    run = MlflowClient().get_model_version_by_alias(population.model, "challenger").run_id
    data = json.loads(mlflow.artifacts.load_text(f"runs:/{run}/evidence.json"))["data"]
    params = MlflowClient().get_run(run).data.params
    development, out_of_time = (
        [date.fromisoformat(day) for day in data[name]] for name in ("development", "out_of_time")
    )
    frame = _frame(context, population, [*development, *out_of_time], params["left_out"])
    fits = [_fit(params, frame, tuple(days)) for days in (development, development[:-1])]
    test_rows = frame.at(out_of_time)
    return test_rows, *(model.probability(test_rows.rows) for model in fits)


def _frame(context: Context, population: Population, days: list[date], left_out: str) -> Frame:
    frame = population_frame(context.snapshots, population.name, days)
    return without(frame, [name for name in left_out.split(", ") if name in frame.names])


def _fit(params: Any, frame: Frame, days: tuple[date, ...]) -> Any:
    dates_split = Split(days, (), (), int(params["calibration_snapshots"]))
    return fit_candidate(
        params["family"], json.loads(params["model_params"]), frame.at(days), dates_split, int(params["seed"])
    )


def _normal(values: Floats) -> Floats:
    """Normal scores of the ranks: the scale on which the gate benchmark draws scores."""
    scores: Floats = norm.ppf((rankdata(values) - 0.5) / len(values))
    return scores


def _correlation(first: Floats, second: Floats) -> float:
    return float(np.corrcoef(_normal(first), _normal(second))[0, 1])


def _person_correlation(frame: Frame, scores: Floats) -> float:
    """Correlation of successive rows of a person, among the rows that did not churn."""
    stayed = frame.only(frame.labels == 0)
    values = _normal(scores[frame.labels == 0])
    order = np.lexsort((stayed.as_of, stayed.entity))
    same = stayed.entity[order][1:] == stayed.entity[order][:-1]
    if same.sum() < 2:
        return float("nan")
    return float(np.corrcoef(values[order][1:][same], values[order][:-1][same])[0, 1])
