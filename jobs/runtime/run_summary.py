"""The run summary that `main` prints at its end: data, candidates, the gate's decisions, scores, alerts."""

import io
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import mlflow
from rich import box
from rich.console import Console
from rich.table import Table

from features import OWNER_STATEMENT
from jobs.runtime.context import Context
from jobs.runtime.daily_scores import ScoredDay
from jobs.runtime.notifications import describe
from lake import Ingested
from monitoring import MonitoringResult, normal_range_sentence
from registry import PromotionOutcome
from serving import highest_risks
from stack.mlflow_server import run_address
from training import TrainingResult
from training.data.validation import OUT_OF_TIME, validation

WIDTH = 110
HIGHEST_RISKS = 10
MAX_ALERTS = 10


def run_summary(
    context: Context,
    ingested: list[Ingested],
    trained: list[TrainingResult],
    outcomes: list[PromotionOutcome],
    scored: ScoredDay,
    monitored: MonitoringResult,
    acted: Sequence[str] = (),
) -> str:
    """Plain text, at most 110 characters wide."""
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, highlight=False)
    project = context.project
    console.print(f"\n{project.name} on {scored.score_date}: {project.description}\n")
    for source in ingested:
        manifest = source.manifest
        console.print(
            f"Data: {manifest.rows_kept:,} {source.source}, {manifest.start} up to (not including) {manifest.end}; "
            f"{manifest.quarantined:,} quarantined."
        )
    if project.table is not None:
        console.print(OWNER_STATEMENT)
    for model, outcome in zip(trained, outcomes[: len(trained)], strict=True):
        console.print(_candidates(model))
        console.print(_decision(outcome), soft_wrap=True)
    for outcome in outcomes[len(trained) :]:  # of response models
        console.print(_decision(outcome), soft_wrap=True)
    console.print(
        f"\nPublished: {scored.rows:,} rows in mart.{project.mart.table} for {scored.score_date}; "
        f"Spark UDF and model {_agreement(scored.largest_difference)}."
    )
    for alert in scored.alerts:
        console.print(f"  ALERT {alert}", soft_wrap=True)
    console.print(_highest_risks(context))
    if acted:
        console.print("Actions (docs/actions.md)")
    for sentence in acted:
        console.print(f"  {sentence}", soft_wrap=True)
    _monitoring(console, monitored)
    console.print(f"MLflow: {_run_address()}")
    assert isinstance(console.file, io.StringIO)  # noqa: S101  # given above
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


def _candidates(trained: TrainingResult) -> Table:
    data = trained.evidence["data"]
    title = (
        f"{trained.model}: {_evaluation_rows(data)} ({data['out_of_time_rows']:,} rows, "
        f"{data['out_of_time_left']:,} left){'; trained by an earlier run' if trained.reused else ''}"
    )
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for heading in (
        "candidate",
        "ROC-AUC",
        "95% interval",
        "log-loss",
        "calibration error",
        "AUC of the folds",
        "",
    ):
        table.add_column(heading, justify="left" if heading in {"candidate", ""} else "right")
    for candidate in trained.evidence["candidates"]:
        metrics, fold = candidate["metrics"], candidate["fold_auc"]
        chosen = candidate["name"] == trained.evidence["family"]
        auc = metrics["auc"]
        table.add_row(
            candidate["name"], f"{auc['value']:.4f}", f"{auc['low']:.4f} to {auc['high']:.4f}",
            f"{metrics['log_loss']['value']:.4f}",
            f"{metrics['calibration_error']['value']:.4f}", f"{fold['value']:.4f} ± {fold['spread']:.4f}",
            f"version {trained.version}" if chosen else "",
        )  # fmt: skip
    return table


def _evaluation_rows(data: Mapping[str, Any]) -> str:
    """The rows that the candidates were evaluated on: out-of-time dates, or another way of holding rows out."""
    if validation(data) == OUT_OF_TIME:
        return f"out-of-time {', '.join(data['out_of_time'])}"
    return f"validated {validation(data)}; held out {', '.join(data['out_of_time'])}"


def _decision(outcome: PromotionOutcome) -> str:
    lines = [f"Gate: {describe(outcome)}."]
    if outcome.decision is not None:
        lines += [f"  {'yes' if check.passed else 'NO '}  {check.sentence}" for check in outcome.decision.checks]
    return "\n".join(lines)


def _agreement(difference: float) -> str:
    return "agree to the last bit" if difference == 0 else f"agree to {difference:.0e}"


def _highest_risks(context: Context) -> Table:
    mart = context.project.mart
    table = Table(title="Most at risk", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column(mart.entity, justify="right")
    table.add_column("will leave", justify="right")
    table.add_column("because", overflow="fold")
    for row in highest_risks(context.settings.require_database(), mart, HIGHEST_RISKS):
        reasons = [row[f"reason_{place}"] for place in (1, 2, 3) if row[f"reason_{place}"]]
        table.add_row(str(row[mart.entity]), f"{row['churn_probability']:.1%}", "; ".join(reasons))
    return table


def _monitoring(console: Console, monitored: MonitoringResult) -> None:
    drifts, alerts = list(chain.from_iterable(monitored.drift.values())), monitored.alerts
    console.print(
        f"Monitors: {len(drifts)} features compared, {len(monitored.quality)} matured days measured, "
        f"{len(alerts)} {'alert' if len(alerts) == 1 else 'alerts'}."
    )
    for alert in alerts[:MAX_ALERTS]:
        console.print(f"  ALERT {alert}")
    if len(alerts) > MAX_ALERTS:
        console.print(f"  … {len(alerts) - MAX_ALERTS} more in alerts.txt of the MLflow run")
    within_range = normal_range_sentence(drifts)
    if within_range:
        console.print(f"  {within_range}")


def _run_address() -> str:
    run = mlflow.active_run()
    uri = mlflow.get_tracking_uri()
    return run_address(uri, run.info.experiment_id, run.info.run_id) if run else uri
