"""Train one population's candidates as MLflow runs and register the best as `challenger`."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import mlflow

from features import Feature, Label, Population, Snapshots
from training import record, rerun, version
from training.alarms import leak_alarms
from training.bundle import write_bundle
from training.candidate import Candidate, check_classes, fit_candidate
from training.card import model_card
from training.evidence import evidence, how_they_left, judge_out_of_time
from training.fingerprint import fingerprint
from training.folds import Split, split
from training.frame import Frame, TooLittleDataError, read_frame
from training.gallery import gallery
from training.plan import TrainingPlan
from training.reasons import attribution, sample, stability, weights
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
    spec, cut = snapshots.spec, _cut(snapshots, population, plan, dates, until)
    names = [feature.name for feature in spec.features]
    folders = [snapshots.path(day) for day in (*cut.development, *cut.out_of_time)]
    frame = read_frame(folders, names, spec.entity, population.name)
    development, judging = frame.at(cut.development), frame.at(cut.out_of_time)
    check_classes(judging, "the out-of-time snapshots")
    about = _about(snapshots, population, cut, development, judging, code)
    mark = fingerprint(plan, about)
    found = version.find(population.model, mark)
    if found is not None:
        say(f"train · {population.name}: version {found[0]} has the same data, code and settings; nothing to fit")
        return Trained(population.model, *found, reused=True)
    record.log_inputs(development, judging, cut)
    mlflow.log_params({"project": spec.project, "population": population.name, "as_of": until})
    fitted = {name: _candidate(name, population.name, plan, development, names, cut, say) for name in plan.families}
    candidates = [candidate for candidate, _ in fitted.values()]
    chosen = max(candidates, key=lambda one: one.fold_auc)
    judged = judge_out_of_time(chosen, candidates, judging, plan.seed, plan.slices, plan.costs)
    record.log_judged(judged.candidates, {name: run for name, (_, run) in fitted.items()}, about)
    leaks = leak_alarms(development, judging, cut, population.label.reach, plan.seed, contacts=plan.contacts)
    for alarm in (one for one in leaks if not one.passed):
        say(f"train · {population.name}: ALARM {alarm.check}: {alarm.sentence}")
    about["commit"] = record.commit()
    proof = evidence(chosen, judged, leaks, about)
    mlflow.log_params({**chosen.params, "search_trials": plan.trials})
    for candidate, run in (*fitted.values(), (chosen, record.active())):
        record.log_recipe(run, rerun.recipe(candidate, about["data"]["digest"], cut, plan.seed))
    proof |= _explain(chosen, candidates, development, judging, cut, spec.features, plan.seed)
    mlflow.log_metrics(record.out_of_time(proof) | record.reasons(proof) | {"mean_fold_auc": chosen.fold_auc})
    record.log_note(proof)
    card = model_card(proof, chosen.params)
    record.log_evidence(proof)
    mlflow.log_text(card, "model_card.md")
    with tempfile.TemporaryDirectory() as scratch:
        write_bundle(Path(scratch) / "bundle", chosen, spec.features, about)
        number = version.register(Path(scratch) / "bundle", population.model, judging, proof, card, mark)
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
    return split(matured, label.reach, plan.out_of_time, plan.folds, plan.calibration)


def _candidate(
    name: str, population: str, plan: TrainingPlan, frame: Frame, names: list[str], cut: Split, say: Say
) -> tuple[Candidate, str]:
    fixed = dict(plan.params.get(name, {}))
    if name == "recency":
        fixed["recency"] = names.index(plan.recency)
    with mlflow.start_run(
        run_name=record.run_name(population, name),
        nested=True,
        tags={"prichal.kind": "candidate", "prichal.family": name, "prichal.population": population},
    ) as run:

        def told(trial: Trial) -> None:
            record.log_trial(population, name, trial)
            say(f"train · {name} trial {trial.number}/{plan.trials}  AUC of the folds {trial.auc:.4f}")

        params = search(name, frame, cut, fixed, plan.trials, plan.seed, told)
        candidate = fit_candidate(name, params, frame, cut, plan.seed)
        mlflow.log_params({"family": name, **params})
        for place, score in enumerate(candidate.folds):
            mlflow.log_metric("fold_auc", score.auc, step=place)
        mlflow.log_metric("mean_fold_auc", candidate.fold_auc)
    say(f"train · {name}: AUC of the folds {candidate.fold_auc:.4f} ± {candidate.fold_spread:.4f}")
    return candidate, run.info.run_id


def _explain(
    chosen: Candidate, candidates: list[Candidate], development: Frame, judging: Frame, cut: Split,
    features: Sequence[Feature], seed: int,
) -> dict[str, Any]:  # fmt: skip
    """Log the pictures; returns what the evidence says of the reasons."""
    sampled = sample(judging, seed)
    told = attribution(chosen, sampled.rows, features)
    for name, figure in gallery(chosen, candidates, judging, sampled, told, features, seed):
        mlflow.log_figure(figure, f"curves/{name}.png")
    again = stability(chosen, development, cut, sampled.rows, features, seed)
    return {"reasons": weights(told), "reasons_stability": again}


def _about(
    snapshots: Snapshots, population: Population, cut: Split, development: Frame, judging: Frame, code: str
) -> dict[str, Any]:
    label = population.label
    return {
        "project": snapshots.spec.project,
        "population": population.name,
        "who": population.description,
        "model": population.model,
        "label": {
            "source": ", ".join(label.about),
            "description": label.description,
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
            "windows": {"development": _window(cut.development, label), "out_of_time": _window(cut.out_of_time, label)},
            "development_rows": len(development),
            "out_of_time_rows": len(judging),
            "out_of_time_left": int(judging.labels.sum()),
            **how_they_left(judging),
        },
        "code": code,
        "packages": version.packages(),
    }


def _window(days: Sequence[date], label: Label) -> dict[str, str]:
    """First and last snapshot, and the day up to which the last one's label looks."""
    return {"first": str(days[0]), "last": str(days[-1]), "labels_until": str(days[-1] + label.reach)}


def _dates(days: list[date]) -> str:
    return f"{min(days)} to {max(days)}" if days else "none"
