"""The cinema after `make run`: designed, simulated and measured statistics, and a comparison with the oracle."""

import json
from datetime import date, timedelta

import mlflow
import numpy as np
import pandas as pd

from benchmarks.models.frames import morning_frame, population_frame
from benchmarks.models.honesty import (
    MAX_STANDARD_ERRORS,
    HonestyComparison,
    compare_auc,
    compare_log_loss,
    expected_auc,
    out_of_fold,
)
from benchmarks.models.oracle import (
    SEED,
    OracleComparison,
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
from training import Frame, auc
from training.evaluate.metrics import Floats
from training.models.families import family
from training.models.fit import fit_family

LEAK_DAYS = 10


def main() -> None:
    """Print Markdown tables; exit with an error if a registered model is better than the oracle, or not honest."""
    context = Context.of("churn")
    mlflow.set_tracking_uri(context.settings.require_tracking())
    truth = states(context.truth)
    _print_levels(context)
    comparisons = [_compare_population(context, population, truth) for population in context.project.populations]
    dishonest = [
        population.name for population in context.project.populations if not _is_honest(context, population, truth)
    ]
    paid = next(population for population in context.project.populations if population.name == "paid")
    leaky = _compare_leaky_model(context, paid, truth)
    print(f"\nA leak planted on purpose, paid features of {LEAK_DAYS} days later: model {leaky.model:.3f}, oracle "
          f"{leaky.oracle:.3f}, standard error of the difference {leaky.standard_error:.4f}: "
          f"{'found' if leaky.leak else 'NOT FOUND'}.")  # fmt: skip
    if any(comparison.leak for comparison in comparisons):
        raise SystemExit(
            "A registered model ranks better than the oracle by more than two standard errors: it has a leak."
        )
    if dishonest:
        raise SystemExit(
            f"More than {MAX_STANDARD_ERRORS:g} standard errors from honest, a leak: {', '.join(dishonest)}."
        )
    if not leaky.leak:
        raise SystemExit("The planted leak was not found.")


def _print_levels(context: Context) -> None:
    design_ranges = json.loads((context.truth / "promises.json").read_text())
    measured = levels(context)
    print("| statistic | designed | simulated | measured by the pipeline |\n|---|---|---|---|")
    for name, design_range in design_ranges.items():
        if name in measured:
            print(f"| {name.replace('_', ' ')} | {design_range['low']:.3f} to {design_range['high']:.3f} "
                  f"| {design_range['actual']:.3f} | {measured[name]:.3f} |")  # fmt: skip


def _rows_with_truth(
    context: Context, population: Population, truth: pd.DataFrame, dates: list[date]
) -> tuple[Frame, Floats]:
    """Rows of the population that the truth contains too, and their true probabilities."""
    frame = population_frame(context.snapshots, population.name, dates)
    oracle = probabilities(truth, frame)
    return frame.only(~np.isnan(oracle)), oracle[~np.isnan(oracle)]


def _scores(context: Context, population: Population, version: str, frame: Frame) -> Floats:
    approved = approved_files(context.settings.require_database(), population.model, version)
    with verified_files(population.model, version, approved) as files:
        return predict_probabilities(files, frame.names, frame.rows)


def _is_honest(context: Context, population: Population, truth: pd.DataFrame) -> bool:
    """Whether the AUCs on labels and on true probabilities agree, and no feature improves on the truth."""
    version = production(context.settings.require_database(), population.model)
    data = model_evidence(population.model, version)["data"]
    late, early = ([date.fromisoformat(text) for text in data[name]] for name in ("out_of_time", "development"))
    test, oracle = _rows_with_truth(context, population, truth, late)
    rows, probability = _rows_with_truth(context, population, truth, [*early, *late])
    registered = _scores(context, population, version, test)
    aucs = {
        "the registered model, out of time": compare_auc(test, registered, oracle),
        "models fitted on other people, all dates": compare_auc(rows, out_of_fold(rows, SEED), probability),
    }
    losses = compare_log_loss(rows, probability, SEED)
    print(f"\nIs {population.name} honest?\n")
    for scored, comparison in aucs.items():
        print(f"- AUC of {scored}: expected under the true probabilities {comparison.first:.4f}, on labels "
              f"{comparison.second:.4f}: {_format_comparison(comparison)}")  # fmt: skip
    print(f"- log-loss of the oracle {losses.second:.4f}, with all features on top, judged on other people, "
          f"{losses.first:.4f}: {_format_comparison(losses)}")  # fmt: skip
    return (
        all(abs(comparison.standard_errors) <= MAX_STANDARD_ERRORS for comparison in aucs.values())
        and losses.standard_errors <= MAX_STANDARD_ERRORS
    )


def _format_comparison(comparison: HonestyComparison) -> str:
    return f"{comparison.standard_errors:+.1f} standard errors of {comparison.standard_error:.4f}"


def _compare_population(context: Context, population: Population, truth: pd.DataFrame) -> OracleComparison:
    version = production(context.settings.require_database(), population.model)
    evidence = model_evidence(population.model, version)
    dates = [date.fromisoformat(text) for text in evidence["data"]["out_of_time"]]
    test, oracle = _rows_with_truth(context, population, truth, dates)
    comparison = compare(test, _scores(context, population, version, test), oracle)
    undecided_rows = ~test.already_left if test.already_left is not None else np.ones(len(test), bool)
    oracle_undecided = auc(test.labels[undecided_rows], oracle[undecided_rows])
    print(f"\n**{population.name}**, out of time {', '.join(map(str, dates))}: {len(test):,} rows, "
          f"{int(test.labels.sum()):,} left\n")  # fmt: skip
    print("| ROC-AUC | all | without those who had switched auto-renewal off |\n|---|---|---|")
    print(f"| oracle | {comparison.oracle:.3f} | {oracle_undecided:.3f} |")
    for candidate in evidence["candidates"]:
        undecided = candidate.get("metrics_undecided")
        undecided_text = _format_auc(undecided) if undecided else ""
        print(f"| {candidate['name']} | {_format_auc(candidate['metrics'])} | {undecided_text} |")
    _print_expected(context, population, truth, version, test)
    difference = comparison.model - comparison.oracle
    print(f"\n{population.model} version {version} against the oracle: {difference:+.3f}, standard "
          f"error {comparison.standard_error:.4f}: {'A LEAK' if comparison.leak else 'no leak'}.")  # fmt: skip
    _print_agreement(context, population, truth, evidence)
    return comparison


def _print_expected(context: Context, population: Population, truth: pd.DataFrame, version: str, test: Frame) -> None:
    """Print the expected AUC of the registered model, of the reachable probability and of the oracle; no labels."""
    morning = morning_frame(context.snapshots, population.name, context.day("latest"))
    print("\n| expected AUC | rows | registered model | reachable from exports | oracle |\n|---|---|---|---|---|")
    for title, frame in {"out of time": test, "the scored morning": morning}.items():
        is_known = ~np.isnan(probabilities(truth, frame))
        rows = frame.only(is_known)
        oracle, reachable = probabilities(truth, rows), probabilities(truth, rows, "reachable")
        scores = (_scores(context, population, version, rows), reachable, oracle)
        cells = " | ".join(f"{expected_auc(score, oracle):.4f}" for score in scores)
        print(f"| {title} | {len(rows):,} | {cells} |")


def _print_agreement(context: Context, population: Population, truth: pd.DataFrame, evidence: dict) -> None:  # type: ignore[type-arg]
    dates = [date.fromisoformat(text) for text in (*evidence["data"]["development"], *evidence["data"]["out_of_time"])]
    comparison = agreement(truth, population_frame(context.snapshots, population.name, dates), population.name, dates)
    print(
        "Members and labels against the truth: "
        + ", ".join(f"{count:,} {kind}" for kind, count in comparison.items())
        + "."
    )


def _format_auc(metrics: dict) -> str:  # type: ignore[type-arg]
    value = metrics["auc"]
    return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def _compare_leaky_model(context: Context, population: Population, truth: pd.DataFrame) -> OracleComparison:
    """Compare the oracle with a model whose features are from `LEAK_DAYS` after the date."""
    version = production(context.settings.require_database(), population.model)
    evidence = model_evidence(population.model, version)
    fit, judge = (
        [date.fromisoformat(text) for text in evidence["data"][name]] for name in ("development", "out_of_time")
    )
    snapshots, spec = context.snapshots, context.project.spec
    later = timedelta(days=LEAK_DAYS)
    snapshots.build(context.engine, [day + later for day in (*fit, *judge)])
    early, late = (_leaky_frame(snapshots, spec, population, days, later) for days in (fit, judge))
    oracle = probabilities(truth, late)
    late, oracle = late.only(~np.isnan(oracle)), oracle[~np.isnan(oracle)]
    native = fit_family("xgboost", early.rows, early.labels, {}, 1)
    return compare(late, family("xgboost").margin(native, late.rows), oracle)


def _leaky_frame(
    snapshots: Snapshots, spec: SnapshotSpec, population: Population, dates: list[date], later: timedelta
) -> Frame:
    """Labels at the dates with features of later dates; null for people who have left the population by then."""
    honest = population_frame(snapshots, population.name, dates)
    names = list(honest.names)
    read = {day: pd.read_parquet(snapshots.path(day + later), columns=[spec.entity, *names]) for day in dates}
    parts = [rows.assign(as_of=np.datetime64(day)) for day, rows in read.items()]
    rows = pd.DataFrame({spec.entity: honest.entity, "as_of": honest.as_of.astype("datetime64[s]")})
    later_rows = pd.concat(parts).assign(as_of=lambda rows: rows["as_of"].astype("datetime64[s]"))
    seen = rows.merge(later_rows, on=[spec.entity, "as_of"], how="left")
    return Frame(honest.names, seen[names].to_numpy(np.float64), honest.labels, honest.entity, honest.as_of)
