"""Train one population's candidates as MLflow runs and register the best as `challenger`."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import mlflow

from features import OWNERS_WORD, Feature, Population, Snapshots
from training import curves, record, version
from training.bundle import write_bundle
from training.by_entity import deal
from training.candidate import Candidate, check_classes, fit_candidate
from training.evidence import evidence, how_they_left, judge_out_of_time, versus_baselines
from training.fingerprint import fingerprint
from training.folds import Split, split
from training.frame import Frame, TooLittleDataError, read_frame
from training.plan import TrainingPlan
from training.search import Trial, search

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
    spec, names = snapshots.spec, [feature.name for feature in snapshots.spec.features]
    frame, cut = _rows(snapshots, population, plan, dates, until)
    development, judging = frame.at(cut.development), frame.at(cut.out_of_time)
    check_classes(judging, "the out-of-time snapshots")
    about = _about(snapshots, population, cut, development, judging, code)
    mark = fingerprint(plan, about)
    found = version.find(population.model, mark)
    if found is not None:
        say(f"train · {population.name}: version {found[0]} has the same data, code and settings; nothing to fit")
        return Trained(population.model, *found, reused=True)
    record.log_inputs(development, judging, cut)
    fitted = {name: _candidate(name, plan, development, names, cut, say) for name in plan.families}
    candidates = [candidate for candidate, _ in fitted.values()]
    judged = judge_out_of_time(candidates, judging, plan.seed)
    record.log_judged(judged, {name: run for name, (_, run) in fitted.items()}, judging.judged)
    about["commit"] = record.commit()
    chosen = max(candidates, key=lambda one: one.fold_auc)
    proof = evidence(chosen, judged, versus_baselines(chosen, candidates, judging, plan.seed), about)
    mlflow.log_params({"chosen": chosen.name, **chosen.params, "seed": plan.seed, "search_trials": plan.trials})
    mlflow.log_metrics(record.out_of_time(proof, judging.judged))
    mlflow.log_dict(proof, "evidence.json")
    _log_curves(chosen, candidates, judging, spec.features)
    with tempfile.TemporaryDirectory() as scratch:
        write_bundle(Path(scratch) / "bundle", chosen, spec.features, about)
        number = version.register(Path(scratch) / "bundle", population.model, judging, proof, mark)
    say(f"train · {population.name}: {chosen.name} registered as {population.model} version {number}, the challenger")
    return Trained(population.model, number, proof, reused=False)


def _rows(
    snapshots: Snapshots, population: Population, plan: TrainingPlan, dates: list[date], until: date
) -> tuple[Frame, Split]:
    """The matured rows, and how they are cut: in time order, or by entity where they carry no dates."""
    spec = snapshots.spec
    cut = _cut(snapshots, population, plan, dates, until) if spec.dated else None
    days = dates if cut is None else [*cut.development, *cut.out_of_time]
    names = [feature.name for feature in spec.features]
    frame = read_frame([snapshots.path(day) for day in days], names, spec.entity, population.name)
    return deal(frame, plan) if cut is None else (frame, cut)


def _cut(snapshots: Snapshots, population: Population, plan: TrainingPlan, dates: list[date], until: date) -> Split:
    label, known = population.label, snapshots.known_until(until)
    matured = [day for day in dates if label.matured(day, known)]
    if not matured:
        raise TooLittleDataError(
            f"A horizon of {label.horizon_days} days and {label.grace_days} days of grace leave no matured "
            f"snapshot: it is known what happened before {known}, and the snapshots are {_dates(dates)}; "
            f"shorten the horizon in projects/{snapshots.spec.project}/label.py, or bring more data."
        )
    return split(matured, label.reach, plan.out_of_time, plan.folds, plan.calibration)


def _candidate(
    name: str, plan: TrainingPlan, frame: Frame, names: list[str], cut: Split, say: Say
) -> tuple[Candidate, str]:
    fixed = dict(plan.params.get(name, {}))
    if name == "recency":
        fixed["recency"] = names.index(plan.recency)
    with mlflow.start_run(
        run_name=name, nested=True, tags={"prichal.kind": "candidate", "prichal.family": name}
    ) as run:

        def told(trial: Trial) -> None:
            record.log_trial(name, trial)
            say(f"train · {name} trial {trial.number}/{plan.trials}  AUC of the folds {trial.auc:.4f}")

        params = search(name, frame, cut, fixed, plan.trials, plan.seed, told)
        candidate = fit_candidate(name, params, frame, cut, plan.seed)
        mlflow.log_params({"family": name, **params})
        for place, score in enumerate(candidate.folds):
            mlflow.log_metric("fold_auc", score.auc, step=place)
        mlflow.log_metric("mean_fold_auc", candidate.fold_auc)
    say(f"train · {name}: AUC of the folds {candidate.fold_auc:.4f} ± {candidate.fold_spread:.4f}")
    return candidate, run.info.run_id


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
            "validation": judging.validation,
            "embargo_days": label.reach.days if snapshots.spec.dated else None,
            **({"point_in_time": OWNERS_WORD} if snapshots.spec.table else {}),
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
