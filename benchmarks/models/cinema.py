"""The cinema after `make run`: what the simulator promises against what the pipeline measured, and no leak."""

import json
from datetime import date, timedelta

import mlflow
import numpy as np
import pandas as pd

from benchmarks.models.honesty import (
    BOUND,
    Comparison,
    compare_auc,
    compare_log_loss,
    out_of_fold,
)
from benchmarks.models.oracle import (
    SEED,
    Verdict,
    agreement,
    compare,
    probabilities,
    states,
)
from benchmarks.pipeline.levels import levels
from features import Population, Snapshots, SnapshotSpec
from jobs.runtime.context import Context
from registry import approved_files, model_evidence, production, verified_files
from serving import predict_probabilities
from training import Frame, auc, read_frame
from training.evaluate.metrics import Floats
from training.models.families import family

PLANTED_DAYS = 10


def main() -> None:
    """Print Markdown tables; end with an error if a registered model beats the oracle, or is not honest."""
    context = Context.of("churn")
    mlflow.set_tracking_uri(context.settings.require_tracking())
    truth = states(context.truth)
    _print_levels(context)
    verdicts = [_population(context, one, truth) for one in context.project.populations]
    dishonest = [one.name for one in context.project.populations if not _is_honest(context, one, truth)]
    paid = next(one for one in context.project.populations if one.name == "paid")
    planted = _planted(context, paid, truth)
    print(f"\nA leak planted on purpose, paid features of {PLANTED_DAYS} days later: model {planted.model:.3f}, oracle "
          f"{planted.oracle:.3f}, standard error of the difference {planted.standard_error:.4f}: "
          f"{'found' if planted.leak else 'NOT FOUND'}.")  # fmt: skip
    if any(one.leak for one in verdicts):
        raise SystemExit("A registered model ranks better than the oracle by more than two standard errors: a leak.")
    if dishonest:
        raise SystemExit(f"More than {BOUND:g} standard errors from honest, a leak: {', '.join(dishonest)}.")
    if not planted.leak:
        raise SystemExit("The planted leak was not found.")


def _print_levels(context: Context) -> None:
    promises = json.loads((context.truth / "promises.json").read_text())
    measured = levels(context)
    print("| what | promised | simulated | measured by the pipeline |\n|---|---|---|---|")
    for name, promise in promises.items():
        if name in measured:
            print(f"| {name.replace('_', ' ')} | {promise['low']:.3f} to {promise['high']:.3f} "
                  f"| {promise['actual']:.3f} | {measured[name]:.3f} |")  # fmt: skip


def _frame(snapshots: Snapshots, population: Population, dates: list[date]) -> Frame:
    spec = snapshots.spec
    names = [feature.name for feature in spec.features]
    return read_frame([snapshots.path(day) for day in dates], names, spec.entity, population.name)


def _known(context: Context, population: Population, truth: pd.DataFrame, dates: list[date]) -> tuple[Frame, Floats]:
    """Rows that the truth counts as members too, and their true probabilities."""
    frame = _frame(context.snapshots, population, dates)
    oracle = probabilities(truth, frame)
    return frame.only(~np.isnan(oracle)), oracle[~np.isnan(oracle)]


def _scores(context: Context, population: Population, version: str, frame: Frame) -> Floats:
    approved = approved_files(context.settings.require_database(), population.model, version)
    with verified_files(population.model, version, approved) as files:
        return predict_probabilities(files, frame.names, frame.rows)


def _is_honest(context: Context, population: Population, truth: pd.DataFrame) -> bool:
    """Whether labels and true probabilities agree on the registered model, and no feature betters those."""
    version = production(context.settings.require_database(), population.model)
    data = model_evidence(population.model, version)["data"]
    late, early = ([date.fromisoformat(text) for text in data[name]] for name in ("out_of_time", "development"))
    judging, oracle = _known(context, population, truth, late)
    rows, probability = _known(context, population, truth, [*early, *late])
    registered = _scores(context, population, version, judging)
    areas = {
        "the registered model, out of time": compare_auc(judging, registered, oracle),
        "models fitted on other people, all dates": compare_auc(rows, out_of_fold(rows, SEED), probability),
    }
    losses = compare_log_loss(rows, probability, SEED)
    print(f"\nIs {population.name} honest?\n")
    for scored, found in areas.items():
        print(f"- AUC of {scored}: expected under the true probabilities {found.first:.4f}, on labels "
              f"{found.second:.4f}: {_apart(found)}")  # fmt: skip
    print(f"- log-loss of the oracle {losses.second:.4f}, with all features on top, judged on other people, "
          f"{losses.first:.4f}: {_apart(losses)}")  # fmt: skip
    return all(abs(one.standard_errors) <= BOUND for one in areas.values()) and losses.standard_errors <= BOUND


def _apart(found: Comparison) -> str:
    return f"{found.standard_errors:+.1f} standard errors of {found.standard_error:.4f}"


def _population(context: Context, population: Population, truth: pd.DataFrame) -> Verdict:
    version = production(context.settings.require_database(), population.model)
    proof = model_evidence(population.model, version)
    dates = [date.fromisoformat(text) for text in proof["data"]["out_of_time"]]
    judging, oracle = _known(context, population, truth, dates)
    verdict = compare(judging, _scores(context, population, version, judging), oracle)
    open_ones = ~judging.already_left if judging.already_left is not None else np.ones(len(judging), bool)
    print(f"\n**{population.name}**, out of time {', '.join(map(str, dates))}: {len(judging):,} rows, "
          f"{int(judging.labels.sum()):,} left\n")  # fmt: skip
    print("| ROC-AUC | all | without those who had switched auto-renewal off |\n|---|---|---|")
    print(f"| oracle | {verdict.oracle:.3f} | {auc(judging.labels[open_ones], oracle[open_ones]):.3f} |")
    for one in proof["candidates"]:
        undecided = one.get("metrics_undecided")
        print(f"| {one['name']} | {_told(one['metrics'])} | {_told(undecided) if undecided else ''} |")
    print(f"\n{population.model} version {version} against the oracle: {verdict.model - verdict.oracle:+.3f}, standard "
          f"error {verdict.standard_error:.4f}: {'A LEAK' if verdict.leak else 'no leak'}.")  # fmt: skip
    _print_agreement(context, population, truth, proof)
    return verdict


def _print_agreement(context: Context, population: Population, truth: pd.DataFrame, proof: dict) -> None:  # type: ignore[type-arg]
    dates = [date.fromisoformat(text) for text in (*proof["data"]["development"], *proof["data"]["out_of_time"])]
    found = agreement(truth, _frame(context.snapshots, population, dates), population.name, dates)
    print(
        "Members and labels against the truth: " + ", ".join(f"{count:,} {what}" for what, count in found.items()) + "."
    )


def _told(metrics: dict) -> str:  # type: ignore[type-arg]
    value = metrics["auc"]
    return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def _planted(context: Context, population: Population, truth: pd.DataFrame) -> Verdict:
    """A model whose features look some days past `as_of`, judged as if they did not."""
    version = production(context.settings.require_database(), population.model)
    proof = model_evidence(population.model, version)
    fit, judge = ([date.fromisoformat(text) for text in proof["data"][name]] for name in ("development", "out_of_time"))
    snapshots, spec = context.snapshots, context.project.spec
    later = timedelta(days=PLANTED_DAYS)
    snapshots.build(context.engine, [day + later for day in (*fit, *judge)])
    early, late = (_peeking(snapshots, spec, population, days, later) for days in (fit, judge))
    oracle = probabilities(truth, late)
    late, oracle = late.only(~np.isnan(oracle)), oracle[~np.isnan(oracle)]
    native = family("xgboost").fit(early.rows, early.labels, {}, 1)
    return compare(late, family("xgboost").margin(native, late.rows), oracle)


def _peeking(
    snapshots: Snapshots, spec: SnapshotSpec, population: Population, dates: list[date], later: timedelta
) -> Frame:
    """Labels of the dates with the features of later ones; null for whom is no member any more."""
    honest = _frame(snapshots, population, dates)
    names = list(honest.names)
    read = {day: pd.read_parquet(snapshots.path(day + later), columns=[spec.entity, *names]) for day in dates}
    parts = [rows.assign(as_of=np.datetime64(day)) for day, rows in read.items()]
    rows = pd.DataFrame({spec.entity: honest.entity, "as_of": honest.as_of.astype("datetime64[s]")})
    later_rows = pd.concat(parts).assign(as_of=lambda one: one["as_of"].astype("datetime64[s]"))
    seen = rows.merge(later_rows, on=[spec.entity, "as_of"], how="left")
    return Frame(honest.names, seen[names].to_numpy(np.float64), honest.labels, honest.entity, honest.as_of)
