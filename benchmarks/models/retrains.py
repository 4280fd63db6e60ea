"""How alike two successive trainings are: the challenger of a stack, and the same fitted with one month less.

`python -m benchmarks retrains` after `make run`: what `benchmarks/gate/gate.py` takes its samples from.
"""

import json
from datetime import date
from typing import Any

import mlflow
import numpy as np
from mlflow import MlflowClient
from scipy.stats import norm, rankdata

from features import Population
from jobs.runtime.context import Context
from training import Frame, read_frame
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
    for one in context.project.populations:
        print(_row(context, one), flush=True)


def _row(context: Context, population: Population) -> str:
    judging, now, before = _scores(context, population)
    found = delong(judging.labels, [now, before], judging.entity)
    people = len(np.unique(judging.entity))
    left = judging.labels == 1
    alike = [_correlation(now[part], before[part]) for part in (left, ~left)]
    gap = found.difference(0, 1)
    cells = [
        population.name, f"{len(judging):,}", f"{left.sum():,}", f"{people:,}", f"{len(judging) / people:.2f}",
        f"{found.auc[0]:.4f}", f"{found.auc[1]:.4f}", f"{(gap.high - gap.low) / 2 / norm.ppf(0.975):.5f}",
        *(f"{value:.3f}" for value in alike), f"{_of_one_person(judging, now):.2f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _scores(context: Context, population: Population) -> tuple[Frame, Floats, Floats]:
    """Out-of-time rows, and what the model and the one with a month less say of them."""
    run = MlflowClient().get_model_version_by_alias(population.model, "challenger").run_id
    data = json.loads(mlflow.artifacts.load_text(f"runs:/{run}/evidence.json"))["data"]
    logged = MlflowClient().get_run(run).data.params
    learnt, judged = ([date.fromisoformat(day) for day in data[name]] for name in ("development", "out_of_time"))
    frame = _frame(context, population, [*learnt, *judged], logged["left_out"])
    fits = [_fit(logged, frame, tuple(days)) for days in (learnt, learnt[:-1])]
    judging = frame.at(judged)
    return judging, *(one.probability(judging.rows) for one in fits)


def _frame(context: Context, population: Population, days: list[date], left_out: str) -> Frame:
    snapshots, names = context.snapshots, [feature.name for feature in context.project.features]
    frame = read_frame([snapshots.path(day) for day in days], names, context.project.entity, population.name)
    return without(frame, [name for name in left_out.split(", ") if name in names])


def _fit(logged: Any, frame: Frame, days: tuple[date, ...]) -> Any:
    cut = Split(days, (), (), int(logged["calibration_snapshots"]))
    return fit_candidate(logged["family"], json.loads(logged["model_params"]), frame.at(days), cut, int(logged["seed"]))


def _normal(values: Floats) -> Floats:
    """Ranks as a normal score: the scale on which scores are drawn."""
    found: Floats = norm.ppf((rankdata(values) - 0.5) / len(values))
    return found


def _correlation(one: Floats, other: Floats) -> float:
    return float(np.corrcoef(_normal(one), _normal(other))[0, 1])


def _of_one_person(frame: Frame, scores: Floats) -> float:
    """Correlation of a person's rows that follow each other, among who stayed."""
    stayed = frame.only(frame.labels == 0)
    values = _normal(scores[frame.labels == 0])
    order = np.lexsort((stayed.as_of, stayed.entity))
    same = stayed.entity[order][1:] == stayed.entity[order][:-1]
    if same.sum() < 2:
        return float("nan")
    return float(np.corrcoef(values[order][1:][same], values[order][:-1][same])[0, 1])
