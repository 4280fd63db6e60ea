"""Every family's best parameters, searched and fitted as MLflow runs."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mlflow

from training.data.folds import Split
from training.data.frame import Frame
from training.plan import TrainingPlan
from training.report import mlflow_logging
from training.search.candidate import Candidate, fit_candidate
from training.search.cross_validation import Judge
from training.search.search import (
    Budget,
    Trial,
    best,
    search,
)

Say = Callable[[str], None]


def fit_candidates(
    population: str, plan: TrainingPlan, development: Frame, cut: Split, mark: str, say: Say
) -> dict[str, Candidate]:
    """Search, then fit each family by the best it found; candidates by the id of their runs.

    Args:
        population: its name.
        plan: families, validation and search.
        development: rows.
        cut: their dates and folds.
        mark: hash of what decides the search: a killed one with the same mark is resumed.
        say: told one line at a time how far it is.
    """
    judge, fixed = Judge(development, cut.folds, plan.seed), _fixed(plan, development.names)
    trials = _search(population, plan, fixed, judge, mark, say)
    params = {name: best(trials, name, fixed[name]) for name in plan.families}
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        made = threads.map(lambda name: fit_candidate(name, params[name], development, cut, plan.seed, judge), params)
        return {_log(population, candidate, say): candidate for candidate in made}


def _fixed(plan: TrainingPlan, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Each family's parameters that are not searched."""
    fixed = {name: dict(plan.params.get(name, {})) for name in plan.families}
    if "recency" in fixed:
        fixed["recency"]["recency"] = names.index(plan.recency)
    return fixed


def _search(
    population: str, plan: TrainingPlan, fixed: dict[str, dict[str, Any]], judge: Judge, mark: str, say: Say
) -> list[Trial]:
    """Trials as runs below a run of their own; those of a killed training with the same mark are taken as done."""

    def told(trial: Trial) -> None:
        mlflow_logging.log_trial(population, trial, mark)
        say(f"train · trial {trial.number} {trial.family}  {_trial_result(trial, len(judge.folds))}")

    tags = {"prichal.kind": "search", "prichal.population": population}
    with mlflow.start_run(run_name=mlflow_logging.run_name(population, "search"), nested=True, tags=tags):
        done = mlflow_logging.trials_done(mark)
        if done:
            say(f"train · {len(done)} trials of a training that was stopped are taken as done")
        return search(fixed, judge, Budget(plan.trials, plan.minutes), plan.seed, told, done)


def _trial_result(trial: Trial, folds: int) -> str:
    """Mean AUC of all folds; of a trial that was stopped early, its folds one by one, for they are no such mean."""
    if not trial.pruned:
        return f"mean AUC of {folds} folds {trial.auc:.4f}"
    aucs = ", ".join(f"{auc:.4f}" for auc in trial.fold_aucs)
    return f"stopped early, below the median: AUC of fold {aucs} (first {len(trial.fold_aucs)} of {folds} folds only)"


def _log(population: str, candidate: Candidate, say: Say) -> str:
    """A nested run with what the candidate is and how the folds judged it; its id."""
    tags = {"prichal.kind": "candidate", "prichal.family": candidate.name, "prichal.population": population}
    with mlflow.start_run(run_name=mlflow_logging.run_name(population, candidate.name), nested=True, tags=tags) as run:
        kind = candidate.calibration["kind"]
        mlflow.log_params({"family": candidate.name, "calibration": kind, **candidate.params})
        for place, score in enumerate(candidate.folds):
            mlflow.log_metric("fold_auc", score.auc, step=place)
        mlflow.log_metric("mean_fold_auc", candidate.fold_auc)
    say(f"train · {candidate.name}: AUC of the folds {candidate.fold_auc:.4f} ± {candidate.fold_spread:.4f}")
    return str(run.info.run_id)
