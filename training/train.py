"""Train one population's candidates as MLflow runs and register the best as `challenger`."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import mlflow

from features import Feature, Population, Snapshots
from stack.folders.digest import folder_sha256
from training.data.fingerprint import fingerprint
from training.data.folds import Split, split
from training.data.frame import Frame, TooLittleDataError, read_frame
from training.data.immature_seasonal_features import MONTHS, untrusted, without
from training.data.provenance import about as told_of
from training.data.stratified_holdout import deal
from training.evaluate.evidence import evidence, judge_out_of_time
from training.evaluate.reason_stability import (
    attribution,
    sample,
    stability,
    weights,
)
from training.leakage.checks import LeakageCheck
from training.leakage.leakage_report import run_leakage_checks
from training.models import version
from training.models.bundle import write_bundle
from training.plan import TrainingPlan
from training.report import mlflow_logging
from training.report.gallery import gallery
from training.report.model_card import model_card
from training.search import refit
from training.search.candidate import Candidate
from training.search.candidates import Say, fit_candidates
from training.search.cross_validation import check_classes


@dataclass(frozen=True)
class Trained:
    """What a training left: the registered version and its evidence.

    `reused` is True where a version of the same data, code and settings was there already.
    """

    model: str
    version: str
    evidence: dict[str, Any]
    reused: bool


@dataclass(frozen=True)
class _Rows:
    """What is learnt from, and what judges."""

    development: Frame
    judging: Frame
    cut: Split
    left_out: tuple[str, ...]


def train(
    snapshots: Snapshots,
    population: Population,
    plan: TrainingPlan,
    dates: list[date],
    *,
    until: date,
    code: str,
    say: Say,
) -> Trained:
    """Search, fit, judge, log and register; the active MLflow run is the parent.

    Args:
        snapshots: of the project, built for `dates`.
        population: whom the model is for.
        plan: families, validation and search.
        dates: snapshot dates, matured or not.
        until: the day of the training; labels that mature later are not looked at.
        code: hash of the code that makes features and models.
        say: told one line at a time how far it is.

    Raises:
        TooLittleDataError: the label's reach leaves too few matured snapshots, or a fold one class.
    """
    features = snapshots.spec.features
    rows = _rows(snapshots, population, plan, dates, until)
    about = told_of(snapshots, population, rows.cut, rows.development, rows.judging, code)
    mark = fingerprint(plan, about)
    found = version.find(population.model, mark)
    if found is not None:
        say(f"train · {population.name}: version {found[0]} has the same data, code and settings; nothing to fit")
        return Trained(population.model, *found, reused=True)
    mlflow_logging.log_inputs(rows.development, rows.judging, rows.cut)
    mlflow.log_params({"project": snapshots.spec.project, "population": population.name, "as_of": until})
    _tell_left_out(rows, population, say)
    searched = fingerprint(replace(plan, trials=0, minutes=None), about)
    fitted = fit_candidates(population.name, plan, rows.development, rows.cut, searched, say)
    chosen = max(fitted.values(), key=lambda one: one.fold_auc)
    about["commit"] = mlflow_logging.commit()
    proof = _prove(chosen, fitted, rows, population, plan, about, say)
    proof |= _explain(chosen, list(fitted.values()), rows, features, plan.seed)
    number = _register(chosen, fitted, rows, features, plan, proof, about, mark)
    say(f"train · {population.name}: {chosen.name} registered as {population.model} version {number}, the challenger")
    return Trained(population.model, number, proof, reused=False)


def _rows(snapshots: Snapshots, population: Population, plan: TrainingPlan, dates: list[date], until: date) -> _Rows:
    """The matured rows, cut in time order; by entity where they carry no dates."""
    if snapshots.spec.dated:
        return _in_time(snapshots, population, _cut(snapshots, population, plan, dates, until))
    frame, cut = deal(_frame(snapshots, population, dates), plan)
    return _Rows(frame.at(cut.development), frame.at(cut.out_of_time), cut, ())


def _cut(snapshots: Snapshots, population: Population, plan: TrainingPlan, dates: list[date], until: date) -> Split:
    label, known = population.label, snapshots.known_until(until)
    matured = [day for day in dates if label.matured(day, known)]
    if not matured:
        raise TooLittleDataError(
            f"A horizon of {label.horizon_days} days and {label.grace_days} days of grace leave no matured "
            f"snapshot: it is known what happened before {known}, and the snapshots are {_dates(dates)}; "
            f"shorten the horizon in projects/{snapshots.spec.project}/label.py, or bring more data."
        )
    return split(matured, label.reach, plan.out_of_time, plan.folds, plan.calibration, plan.users_apart)


def _in_time(snapshots: Snapshots, population: Population, cut: Split) -> _Rows:
    left_out = untrusted(snapshots.spec.features, cut.fit)
    frame = without(_frame(snapshots, population, (*cut.development, *cut.out_of_time)), left_out)
    rows = _Rows(frame.at(cut.development), frame.at(cut.out_of_time), cut, left_out)
    check_classes(rows.judging, "the out-of-time snapshots")
    return rows


def _frame(snapshots: Snapshots, population: Population, dates: Sequence[date]) -> Frame:
    names = [feature.name for feature in snapshots.spec.features]
    return read_frame([snapshots.path(day) for day in dates], names, snapshots.spec.entity, population.name)


def _tell_left_out(rows: _Rows, population: Population, say: Say) -> None:
    """Say which yearly features are not learnt from."""
    if rows.left_out:
        say(
            f"train · {population.name}: {', '.join(rows.left_out)} left out; they come back once a year, and the "
            f"fitted snapshots, {_dates(rows.cut.fit)}, span fewer than {MONTHS} months"
        )


def _prove(
    chosen: Candidate, fitted: Mapping[str, Candidate], rows: _Rows, population: Population, plan: TrainingPlan,
    about: dict[str, Any], say: Say,
) -> dict[str, Any]:  # fmt: skip
    """The evidence of the chosen candidate; every candidate's figures on its own run."""
    candidates = list(fitted.values())
    judged = judge_out_of_time(chosen, candidates, rows.judging, plan.seed, plan.slices, plan.costs)
    mlflow_logging.log_judged(judged.candidates, {one.name: run for run, one in fitted.items()}, about)
    return evidence(chosen, judged, _alarms(rows, population, plan, say), about)


def _alarms(rows: _Rows, population: Population, plan: TrainingPlan, say: Say) -> list[LeakageCheck]:
    found = run_leakage_checks(
        rows.development, rows.judging, rows.cut, population.label.reach, plan.seed,
        apart=[fold.cut(rows.development) for fold in rows.cut.folds] if plan.users_apart else (),
        contacts=plan.contacts, known_rules=plan.known_rules,
    )  # fmt: skip
    for alarm in (one for one in found if not one.passed):
        say(f"train · {population.name}: ALARM {alarm.check}: {alarm.sentence}")
    return found


def _explain(
    chosen: Candidate, candidates: list[Candidate], rows: _Rows, features: Sequence[Feature], seed: int
) -> dict[str, Any]:
    """Log the pictures; returns what the evidence says of the reasons."""
    sampled = sample(rows.judging, seed)
    told = attribution(chosen, sampled.rows, features)
    for name, figure in gallery(chosen, candidates, rows.judging, sampled, told, features, seed):
        mlflow.log_figure(figure, f"curves/{name}.png")
    again = stability(chosen, told, rows.development, rows.cut, sampled.rows, features, seed)
    return {"reasons": weights(told), "reasons_stability": again}


def _register(
    chosen: Candidate, fitted: Mapping[str, Candidate], rows: _Rows, features: Sequence[Feature], plan: TrainingPlan,
    proof: dict[str, Any], about: dict[str, Any], mark: str,
) -> str:  # fmt: skip
    """What the run holds at its end, and the version's number."""
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / "bundle"
        write_bundle(bundle, chosen, features, about)
        # The gate takes these figures for no other files and no other run.
        proof |= {"run_id": mlflow_logging.active(), "bundle_sha256": folder_sha256(bundle)}
        _log_training(chosen, fitted, rows, plan, proof, about)
        card = model_card(proof, chosen.params)
        mlflow.log_text(card, "model_card.md")
        return version.register(bundle, about["model"], rows.judging, proof, card, mark)


def _log_training(
    chosen: Candidate, fitted: Mapping[str, Candidate], rows: _Rows, plan: TrainingPlan, proof: dict[str, Any],
    about: dict[str, Any],
) -> None:  # fmt: skip
    """Parameters, recipes, figures and evidence on the runs."""
    mlflow.log_params({**chosen.params, "search_trials": plan.trials})
    for run, candidate in (*fitted.items(), (mlflow_logging.active(), chosen)):
        mlflow_logging.log_recipe(
            run, refit.recipe(candidate, about["data"]["digest"], rows.cut, plan.seed, rows.left_out)
        )
    mlflow.log_metrics(mlflow_logging.figures(proof, rows.judging.judged) | mlflow_logging.reasons(proof))
    mlflow.log_metric("mean_fold_auc", chosen.fold_auc)
    mlflow_logging.log_note(proof)
    mlflow_logging.log_evidence(proof)


def _dates(days: Sequence[date]) -> str:
    return f"{min(days)} to {max(days)}" if days else "none"
