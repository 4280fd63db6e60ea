"""Train one population: fit its candidates as MLflow runs and register the best one as `challenger`."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mlflow

from stack.folders.digest import folder_sha256
from training.data.fingerprint import fingerprint
from training.data.provenance import describe_provenance
from training.data.training_data import TrainingData, read_training_data, report_left_out_features
from training.evaluate.evidence import evaluate_out_of_time
from training.evaluate.evidence import evidence as collect_evidence
from training.evaluate.reason_stability import attribution, sample, stability, weights
from training.leakage.checks import LeakageCheck
from training.leakage.leakage_report import run_leakage_checks
from training.models import version
from training.models.bundle import write_bundle
from training.report import mlflow_logging
from training.report.gallery import gallery
from training.report.model_card import model_card
from training.request import TrainingRequest
from training.search.candidate import Candidate
from training.search.candidates import FittedCandidates, fit_candidates
from training.search.final_fit import check_refit_rows, describe_refit, fit_again
from training.search.reproduction import matured_parameters, reproduction_parameters


@dataclass(frozen=True)
class TrainingResult:
    """A registered version and its evidence.

    `reused` is True where an earlier training with the same data, code and settings had registered the version.
    """

    model: str
    version: str
    evidence: dict[str, Any]
    reused: bool


def train(request: TrainingRequest) -> TrainingResult:
    """Search, fit, evaluate, log and register; the active MLflow run is the parent.

    Raises:
        TooLittleDataError: too few matured snapshots, or too few rows of a class.
    """
    data = read_training_data(request)
    provenance = describe_provenance(request, data)
    registered = version.find(request.population.model, fingerprint(request.plan, provenance))
    if registered is not None:
        return _reuse(request, *registered)
    _log_inputs(request, data)
    candidates = fit_candidates(request, data, _search_fingerprint(request, provenance))
    provenance_with_commit = {**provenance, "commit": mlflow_logging.commit()}
    evidence = _evaluate(request, data, candidates, provenance_with_commit)
    evidence |= _explain(request, data, candidates)
    refit = _refit(request, data, candidates.chosen, evidence)
    number = _register(request, data, candidates, refit, provenance, evidence)
    request.report_progress(
        f"train · {request.population.name}: {candidates.chosen.name} registered as {request.population.model} "
        f"version {number}, the challenger"
    )
    return TrainingResult(request.population.model, number, evidence, reused=False)


def _reuse(request: TrainingRequest, number: str, evidence: dict[str, Any]) -> TrainingResult:
    request.report_progress(
        f"train · {request.population.name}: version {number} has the same data, code and settings; nothing to fit"
    )
    return TrainingResult(request.population.model, number, evidence, reused=True)


def _search_fingerprint(request: TrainingRequest, provenance: dict[str, Any]) -> str:
    """Fingerprint without the budget: a search with a larger budget resumes a smaller one."""
    return fingerprint(replace(request.plan, trials=0, minutes=None), provenance)


def _log_inputs(request: TrainingRequest, data: TrainingData) -> None:
    mlflow_logging.log_inputs(data.development, data.out_of_time, data.split)
    project, population = request.snapshots.spec.project, request.population.name
    mlflow.log_params({"project": project, "population": population, "as_of": request.as_of})
    report_left_out_features(request, data)


def _evaluate(
    request: TrainingRequest, data: TrainingData, candidates: FittedCandidates, provenance: dict[str, Any]
) -> dict[str, Any]:
    """Evaluate all candidates out of time and log their figures; return the evidence of the chosen one."""
    plan, chosen = request.plan, candidates.chosen
    figures = evaluate_out_of_time(chosen, candidates.models, data.out_of_time, plan.seed, plan.slices, plan.costs)
    mlflow_logging.log_evaluation(figures.candidates, candidates.run_ids, provenance)
    return collect_evidence(chosen, figures, _check_leakage(request, data), provenance)


def _refit(
    request: TrainingRequest, data: TrainingData, judged: Candidate, evidence: dict[str, Any]
) -> Candidate | None:
    """Fit the chosen procedure on all matured snapshots, and add to the evidence how it agrees with the judged model.

    None where the plan or a table without dates has no refit: then the judged model is registered.
    """
    if data.refit is None:
        return None
    plan, reach = request.plan, request.population.label.reach
    refit = fit_again(judged, data.refit, plan.seed)
    scored_from = request.snapshots.known_until(request.as_of)
    leaks = check_refit_rows(data.refit, scored_from, reach, plan.seed, plan.known_rules)
    evidence["refit"] = {**evidence["refit"], **describe_refit(judged, refit, data.refit, plan.slices, leaks)}
    agreement = evidence["refit"]["agreement"]
    request.report_progress(
        f"train · {request.population.name}: fitted again up to {data.refit.split.development[-1]}; its scores of "
        f"{agreement['as_of']} correlate by {agreement['rank_correlation']:.3f} with those of the judged model"
    )
    return refit


def _check_leakage(request: TrainingRequest, data: TrainingData) -> list[LeakageCheck]:
    """Run the leakage checks and report those that failed."""
    plan = request.plan
    checks = run_leakage_checks(
        data.development, data.out_of_time, data.split, request.population.label.reach, plan.seed,
        apart=[fold.split(data.development) for fold in data.split.folds] if plan.users_apart else (),
        contacts=plan.contacts, known_rules=plan.known_rules,
    )  # fmt: skip
    for check in checks:
        if not check.passed:
            request.report_progress(
                f"train · {request.population.name}: leakage check {check.check} failed: {check.sentence}"
            )
    return checks


def _explain(request: TrainingRequest, data: TrainingData, candidates: FittedCandidates) -> dict[str, Any]:
    """Log the pictures; return the weights and the stability of the reasons."""
    chosen, features, seed = candidates.chosen, request.snapshots.spec.features, request.plan.seed
    sampled = sample(data.out_of_time, seed)
    contributions = attribution(chosen, sampled.rows, features)
    pictures = gallery(chosen, candidates.models, data.out_of_time, sampled, contributions, features, seed)
    for name, figure in pictures:
        mlflow.log_figure(figure, f"curves/{name}.png")
    stable = stability(chosen, contributions, data.development, data.split, sampled.rows, features, seed)
    return {"reasons": weights(contributions), "reasons_stability": stable}


def _register(
    request: TrainingRequest, data: TrainingData, candidates: FittedCandidates, refit: Candidate | None,
    provenance: dict[str, Any], evidence: dict[str, Any],
) -> str:  # fmt: skip
    """Log the bundle, the evidence and the model card, and register the version; return its number."""
    chosen = candidates.chosen
    registered, judged = (chosen, None) if refit is None else (refit, chosen)
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / "bundle"
        about = {**provenance, "commit": evidence["commit"]}
        write_bundle(bundle, registered, request.snapshots.spec.features, about, judged)
        # The gate accepts this evidence for these files and this run only.
        evidence |= {"run_id": mlflow_logging.active(), "bundle_sha256": folder_sha256(bundle)}
        _log_training(request, data, candidates, evidence)
        card = model_card(evidence, chosen.params)
        mlflow.log_text(card, "model_card.md")
        model, identity = request.population.model, fingerprint(request.plan, provenance)
        return version.register(bundle, model, data.out_of_time, evidence, card, identity)


def _log_training(
    request: TrainingRequest, data: TrainingData, candidates: FittedCandidates, evidence: dict[str, Any]
) -> None:
    """Log the training's parameters, figures and evidence, and each candidate's reproduction parameters."""
    plan, chosen = request.plan, candidates.chosen
    mlflow.log_params({**chosen.params, "search_trials": plan.trials})
    for run, candidate in (*candidates.by_run_id.items(), (mlflow_logging.active(), chosen)):
        digest = evidence["data"]["digest"]
        parameters = reproduction_parameters(candidate, digest, data.split, plan.seed, data.left_out)
        mlflow_logging.log_reproduction_params(run, parameters)
    if data.refit is not None:
        parameters = matured_parameters(evidence["refit"]["digest"], data.refit.left_out)
        mlflow_logging.log_reproduction_params(mlflow_logging.active(), parameters)
    mlflow.log_metrics(
        mlflow_logging.figures(evidence, data.out_of_time.validation_name) | mlflow_logging.reasons(evidence)
    )
    mlflow.log_metric("mean_fold_auc", chosen.fold_auc)
    mlflow_logging.log_note(evidence)
    mlflow_logging.log_evidence(evidence)
