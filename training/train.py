"""Train one population's candidates as MLflow runs and register the best as `challenger`."""

import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import mlflow

from features import Feature, Population, Snapshots
from training import curves, record, version
from training.bundle import write_bundle
from training.candidate import Candidate, check_classes, fit_candidate
from training.evidence import evidence, how_they_left, judge_out_of_time, versus_baselines
from training.fingerprint import fingerprint
from training.folds import Split, split
from training.frame import Frame, TooLittleDataError, read_frame
from training.judge import Judge
from training.plan import TrainingPlan
from training.search import Budget, Trial, best, search
from training.season import MONTHS, untrusted, without

Say = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """What a training left: the registered version and its evidence.

    `reused` is True where a version of the same data, code and settings was there already.
    """

    model: str
    version: str
    evidence: dict[str, Any]
    reused: bool


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
    spec, cut = snapshots.spec, _cut(snapshots, population, plan, dates, until)
    names = [feature.name for feature in spec.features]
    folders = [snapshots.path(day) for day in (*cut.development, *cut.out_of_time)]
    left_out = untrusted(spec.features, cut.fit)
    frame = without(read_frame(folders, names, spec.entity, population.name), left_out)
    development, judging = frame.at(cut.development), frame.at(cut.out_of_time)
    check_classes(judging, "the out-of-time snapshots")
    about = _about(snapshots, population, cut, development, judging, code)
    mark = fingerprint(plan, about)
    found = version.find(population.model, mark)
    if found is not None:
        say(f"train · {population.name}: version {found[0]} has the same data, code and settings; nothing to fit")
        return Trained(population.model, *found, reused=True)
    record.log_inputs(development, judging, cut)
    _tell_left_out(left_out, cut, population, say)
    judge, fixed = Judge(development, cut.folds, plan.seed), _fixed(plan, names)
    searched = fingerprint(replace(plan, trials=0, minutes=None), about)
    trials = _search(population.name, plan, fixed, judge, searched, say)
    params = {name: best(trials, name, fixed[name]) for name in plan.families}
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        made = threads.map(lambda name: fit_candidate(name, params[name], development, cut, plan.seed, judge), params)
        fitted = {candidate.name: (candidate, _log_candidate(population.name, candidate, say)) for candidate in made}
    candidates = [candidate for candidate, _ in fitted.values()]
    judged = judge_out_of_time(candidates, judging, plan.seed)
    record.log_judged(judged, {name: run for name, (_, run) in fitted.items()})
    about["commit"] = record.commit()
    chosen = max(candidates, key=lambda one: one.fold_auc)
    proof = evidence(chosen, judged, versus_baselines(chosen, candidates, judging, plan.seed), about)
    mlflow.log_params({"chosen": chosen.name, **chosen.params, "seed": plan.seed, "search_trials": plan.trials})
    mlflow.log_metrics(record.out_of_time(proof))
    mlflow.log_dict(proof, "evidence.json")
    _log_curves(chosen, candidates, judging, spec.features)
    with tempfile.TemporaryDirectory() as scratch:
        write_bundle(Path(scratch) / "bundle", chosen, spec.features, about)
        number = version.register(Path(scratch) / "bundle", population.model, judging, proof, mark)
    say(f"train · {population.name}: {chosen.name} registered as {population.model} version {number}, the challenger")
    return Trained(population.model, number, proof, reused=False)


def _cut(snapshots: Snapshots, population: Population, plan: TrainingPlan, dates: list[date], until: date) -> Split:
    label, known = population.label, min(until, snapshots.coverage.end)
    matured = [day for day in dates if label.matured(day, known)]
    if not matured:
        raise TooLittleDataError(
            f"A horizon of {label.horizon_days} days and {label.grace_days} days of grace leave no matured "
            f"snapshot: it is known what happened before {known}, and the snapshots are {_dates(dates)}; "
            f"shorten the horizon in projects/{snapshots.spec.project}/label.py, or bring more data."
        )
    return split(matured, label.reach, plan.out_of_time, plan.folds, plan.calibration, plan.users_apart)


def _tell_left_out(left_out: Sequence[str], cut: Split, population: Population, say: Say) -> None:
    """Say which yearly features are not learnt from, on the page and in the run."""
    mlflow.log_param("left_out", ", ".join(left_out) or "nothing")
    if left_out:
        say(
            f"train · {population.name}: {', '.join(left_out)} left out; they come back once a year, and the fitted "
            f"snapshots, {_dates(list(cut.fit))}, span fewer than {MONTHS} months"
        )


def _fixed(plan: TrainingPlan, names: list[str]) -> dict[str, dict[str, Any]]:
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
        record.log_trial(population, trial, mark)
        stopped = f", stopped after {len(trial.fold_aucs)} of {len(judge.folds)}" if trial.pruned else ""
        say(f"train · trial {trial.number} {trial.family}  AUC of the folds {trial.auc:.4f}{stopped}")

    with mlflow.start_run(
        run_name=record.run_name(population, "search"),
        nested=True,
        tags={"prichal.kind": "search", "prichal.population": population},
    ):
        done = record.trials_done(mark)
        if done:
            say(f"train · {len(done)} trials of a training that was stopped are taken as done")
        return search(fixed, judge, Budget(plan.trials, plan.minutes), plan.seed, told, done)


def _log_candidate(population: str, candidate: Candidate, say: Say) -> str:
    """A nested run with what the candidate is and how the folds judged it; its id."""
    tags = {"prichal.kind": "candidate", "prichal.family": candidate.name, "prichal.population": population}
    with mlflow.start_run(run_name=record.run_name(population, candidate.name), nested=True, tags=tags) as run:
        kind = candidate.calibration["kind"]
        mlflow.log_params({"family": candidate.name, "calibration": kind, **candidate.params})
        for place, score in enumerate(candidate.folds):
            mlflow.log_metric("fold_auc", score.auc, step=place)
        mlflow.log_metric("mean_fold_auc", candidate.fold_auc)
    say(f"train · {candidate.name}: AUC of the folds {candidate.fold_auc:.4f} ± {candidate.fold_spread:.4f}")
    return str(run.info.run_id)


def _log_curves(chosen: Candidate, candidates: list[Candidate], judging: Frame, features: Sequence[Feature]) -> None:
    pictures = {
        "roc": curves.roc_picture(candidates, judging, chosen.name),
        "calibration": curves.calibration_picture(chosen, judging),
        "found_by_budget": curves.lift_picture(chosen, judging),
        "reasons": curves.reasons_picture(chosen, judging, features),
    }
    for name, figure in pictures.items():
        mlflow.log_figure(figure, f"curves/{name}.png")


def _about(
    snapshots: Snapshots, population: Population, cut: Split, development: Frame, judging: Frame, code: str
) -> dict[str, Any]:
    label = population.label
    return {
        "project": snapshots.spec.project,
        "population": population.name,
        "model": population.model,
        "label": {
            "source": ", ".join(label.about),
            "horizon_days": label.horizon_days,
            "grace_days": label.grace_days,
        },
        "data": {
            "digest": development.digest(),
            "out_of_time_digest": judging.digest(),
            "development": [str(day) for day in cut.development],
            "calibration": [str(day) for day in cut.calibrate],
            "out_of_time": [str(day) for day in cut.out_of_time],
            "embargo_days": label.reach.days,
            "development_rows": len(development),
            "out_of_time_rows": len(judging),
            "out_of_time_left": int(judging.labels.sum()),
            **how_they_left(judging),
        },
        "code": code,
        "packages": version.packages(),
    }


def _dates(days: list[date]) -> str:
    return f"{min(days)} to {max(days)}" if days else "none"
