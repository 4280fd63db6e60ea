"""The page at the end of `main`: what a person wants to know of the morning's run."""

import io
from collections.abc import Mapping
from itertools import chain
from typing import Any

import mlflow
from rich import box
from rich.console import Console
from rich.table import Table

from features import OWNER_STATEMENT
from jobs.monitor import Watched
from jobs.runtime.context import Context
from jobs.runtime.notifications import describe
from jobs.score import ScoredDay
from lake import Ingested
from monitoring import expected_sentence
from registry import PromotionOutcome
from serving import current_top
from stack.mlflow_server import run_address
from training import Trained
from training.data.validation import OUT_OF_TIME, validation

WIDTH = 110
TOP = 10
ALERTS = 10


def page(
    context: Context,
    taken: list[Ingested],
    trained: list[Trained],
    moved: list[PromotionOutcome],
    scored: ScoredDay,
    watched: Watched,
) -> str:
    """Plain text, at most 110 characters wide."""
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, highlight=False)
    project = context.project
    console.print(f"\n{project.name} on {scored.score_date}: {project.description}\n")
    for one in taken:
        m = one.manifest
        console.print(
            f"Data: {m.rows_kept:,} {one.source}, {m.start} up to (not including) {m.end}; "
            f"{m.quarantined:,} quarantined."
        )
    if project.table is not None:
        console.print(OWNER_STATEMENT)
    for model, move in zip(trained, moved, strict=True):
        console.print(_candidates(model))
        console.print(_decision(move), soft_wrap=True)
    console.print(
        f"\nPublished: {scored.rows:,} rows in mart.{project.mart.table} for {scored.score_date}; "
        f"Spark UDF and model {_agreement(scored.largest_difference)}."
    )
    for alert in scored.alerts:
        console.print(f"  ALERT {alert}", soft_wrap=True)
    console.print(_top(context))
    _monitors(console, watched)
    console.print(f"MLflow: {_address()}")
    assert isinstance(console.file, io.StringIO)  # noqa: S101  # given above
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


def _candidates(trained: Trained) -> Table:
    data = trained.evidence["data"]
    title = (
        f"{trained.model}: {_judged(data)} ({data['out_of_time_rows']:,} rows, "
        f"{data['out_of_time_left']:,} left){'; fitted by an earlier run' if trained.reused else ''}"
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
    for one in trained.evidence["candidates"]:
        m, fold = one["metrics"], one["fold_auc"]
        chosen = one["name"] == trained.evidence["family"]
        table.add_row(
            one["name"], f"{m['auc']['value']:.4f}", f"{m['auc']['low']:.4f} to {m['auc']['high']:.4f}",
            f"{m['log_loss']['value']:.4f}",
            f"{m['calibration_error']['value']:.4f}", f"{fold['value']:.4f} ± {fold['spread']:.4f}",
            f"version {trained.version}" if chosen else "",
        )  # fmt: skip
    return table


def _judged(data: Mapping[str, Any]) -> str:
    """What judged: dates; or how else rows were held out."""
    if validation(data) == OUT_OF_TIME:
        return f"out-of-time {', '.join(data['out_of_time'])}"
    return f"validated {validation(data)}; held out {', '.join(data['out_of_time'])}"


def _decision(moved: PromotionOutcome) -> str:
    lines = [f"Gate: {describe(moved)}."]
    if moved.decision is not None:
        lines += [f"  {'yes' if check.passed else 'NO '}  {check.sentence}" for check in moved.decision.checks]
    return "\n".join(lines)


def _agreement(difference: float) -> str:
    return "agree to the last bit" if difference == 0 else f"agree to {difference:.0e}"


def _top(context: Context) -> Table:
    mart = context.project.mart
    table = Table(title="Most at risk", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column(mart.entity, justify="right")
    table.add_column("will leave", justify="right")
    table.add_column("because", overflow="fold")
    for row in current_top(context.settings.require_database(), mart, TOP):
        reasons = [row[f"reason_{place}"] for place in (1, 2, 3) if row[f"reason_{place}"]]
        table.add_row(str(row[mart.entity]), f"{row['churn_probability']:.1%}", "; ".join(reasons))
    return table


def _monitors(console: Console, watched: Watched) -> None:
    found = list(chain.from_iterable(watched.drift.values()))
    console.print(
        f"Monitors: {len(found)} features compared, {len(watched.quality)} matured days measured, "
        f"{len(watched.alerts)} {'alert' if len(watched.alerts) == 1 else 'alerts'}."
    )
    for alert in watched.alerts[:ALERTS]:
        console.print(f"  ALERT {alert}")
    if len(watched.alerts) > ALERTS:
        console.print(f"  … {len(watched.alerts) - ALERTS} more in alerts.txt of the MLflow run")
    expected = expected_sentence(found)
    if expected:
        console.print(f"  {expected}")


def _address() -> str:
    run = mlflow.active_run()
    uri = mlflow.get_tracking_uri()
    return run_address(uri, run.info.experiment_id, run.info.run_id) if run else uri
