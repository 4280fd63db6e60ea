"""Search and fit the best candidate of every family as MLflow runs."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import mlflow

from training.data.training_data import TrainingData
from training.plan import TrainingPlan
from training.report import mlflow_logging
from training.request import TrainingRequest
from training.search.candidate import Candidate, fit_candidate
from training.search.cross_validation import CrossValidation
from training.search.search import Budget, Trial, best, search


@dataclass(frozen=True)
class FittedCandidates:
    """The fitted candidate of every family, by the id of its MLflow run."""

    by_run_id: Mapping[str, Candidate]

    @property
    def models(self) -> list[Candidate]:
        """All candidates, in the order of the plan's families."""
        return list(self.by_run_id.values())

    @property
    def chosen(self) -> Candidate:
        """The candidate with the highest mean AUC over the folds."""
        return max(self.models, key=lambda candidate: candidate.fold_auc)

    @property
    def run_ids(self) -> dict[str, str]:
        """The id of the MLflow run of each family."""
        return {candidate.name: run_id for run_id, candidate in self.by_run_id.items()}


def fit_candidates(request: TrainingRequest, data: TrainingData, search_fingerprint: str) -> FittedCandidates:
    """Search hyperparameters, then fit each family with its best set.

    Args:
        request: population and plan.
        data: rows and their split.
        search_fingerprint: hash of the inputs of the search; an interrupted search with this hash is resumed.

    Raises:
        TooLittleDataError: a fold, the fit or the calibration lacks rows of a class.
    """
    plan, development, split = request.plan, data.development, data.split
    cross_validation = CrossValidation(development, split.folds, plan.seed)
    fixed = _fixed_params(plan, development.names)
    trials = _search(request, fixed, cross_validation, search_fingerprint)
    params = {name: best(trials, name, fixed[name]) for name in plan.families}
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        candidates = threads.map(
            lambda name: fit_candidate(name, params[name], development, split, plan.seed, cross_validation), params
        )
        return FittedCandidates({_log_candidate(request, candidate): candidate for candidate in candidates})


def _fixed_params(plan: TrainingPlan, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Parameters of each family that are not searched."""
    fixed = {name: dict(plan.params.get(name, {})) for name in plan.families}
    if "recency" in fixed:
        fixed["recency"]["recency"] = names.index(plan.recency)
    return fixed


def _search(
    request: TrainingRequest,
    fixed: dict[str, dict[str, Any]],
    cross_validation: CrossValidation,
    search_fingerprint: str,
) -> list[Trial]:
    """Run the search below an own MLflow run; finished trials of an interrupted search are reused."""
    population, plan = request.population.name, request.plan

    def log(trial: Trial) -> None:
        mlflow_logging.log_trial(population, trial, search_fingerprint)
        result = _trial_result(trial, len(cross_validation.folds))
        request.report_progress(f"train · trial {trial.number} {trial.family}  {result}")

    tags = {"prichal.kind": "search", "prichal.population": population}
    with mlflow.start_run(run_name=mlflow_logging.run_name(population, "search"), nested=True, tags=tags):
        done = mlflow_logging.trials_done(search_fingerprint)
        if done:
            request.report_progress(f"train · {len(done)} finished trials of an interrupted training are reused")
        return search(fixed, cross_validation, Budget(plan.trials, plan.minutes), plan.seed, log, done)


def _trial_result(trial: Trial, folds: int) -> str:
    """Mean AUC over all folds; a pruned trial shows its single folds, which are not comparable to a mean."""
    if not trial.pruned:
        return f"mean AUC of {folds} folds {trial.auc:.4f}"
    aucs = ", ".join(f"{auc:.4f}" for auc in trial.fold_aucs)
    return f"stopped early, below the median: AUC of fold {aucs} (first {len(trial.fold_aucs)} of {folds} folds only)"


def _log_candidate(request: TrainingRequest, candidate: Candidate) -> str:
    """Log a nested run with the candidate's parameters and fold AUCs; return its run id."""
    population = request.population.name
    tags = {"prichal.kind": "candidate", "prichal.family": candidate.name, "prichal.population": population}
    with mlflow.start_run(run_name=mlflow_logging.run_name(population, candidate.name), nested=True, tags=tags) as run:
        kind = candidate.calibration["kind"]
        mlflow.log_params({"family": candidate.name, "calibration": kind, **candidate.params})
        for place, score in enumerate(candidate.folds):
            mlflow.log_metric("fold_auc", score.auc, step=place)
        mlflow.log_metric("mean_fold_auc", candidate.fold_auc)
    request.report_progress(
        f"train · {candidate.name}: AUC of the folds {candidate.fold_auc:.4f} ± {candidate.fold_spread:.4f}"
    )
    return str(run.info.run_id)
