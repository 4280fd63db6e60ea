"""`mlflow run . -e monitor`: drift, matured quality, alerts."""

import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import mlflow
import pandas as pd

from features import Population
from jobs.command import run
from jobs.context import Context
from jobs.journal import step
from monitoring import Drift, Quality, days_to_compare, drift, quality, skew, store_drift, store_quality
from registry import model_evidence, production
from registry.policy import FLOOR
from serving import Logged, published_dates, published_scores
from training import Finding, Frame


@dataclass(frozen=True)
class Watched:
    """What the monitors found, and the sentences that call a person."""

    drift: dict[str, list[Drift]]
    quality: list[Quality]
    skew: dict[date, Finding]
    alerts: tuple[str, ...]


def monitor(context: Context, as_of: str = "latest") -> Watched:
    """Compare today's features with those the evidence was measured on, and matured scores with what happened."""
    with step(context, "monitor", {"as_of": as_of}) as entry:
        day = context.day(as_of)
        moved = {one.name: _drift(context, one, day) for one in context.project.populations}
        known = _quality(context, day)
        entry.rows_in, entry.rows_out = sum(one.rows for one in known), len(known)
        compared = _skew(context, day)
        alerts = (*_drift_alerts(moved), *_quality_alerts(known), *_skew_alerts(compared))
        mlflow.set_tag("prichal.alerts", str(len(alerts)))
        mlflow.log_text("\n".join(alerts) or "no alert", "alerts.txt")
    context.say(f"monitor · {len(known)} matured days measured, {len(alerts)} alerts")
    for alert in alerts:
        context.say(f"monitor · ALERT {alert}")
    return Watched(moved, known, compared, alerts)


def _drift(context: Context, population: Population, day: date) -> list[Drift]:
    reference, current = _judged(context, population, day), _scored(context, population, day)
    if reference.empty:
        context.say(f"monitor · {population.name}: no drift measured, the rows that the evidence rests on are gone")
        return []
    if current is None:
        context.say(f"monitor · {population.name}: no drift measured, the rows scored are those the model was made of")
        return []
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / f"drift_{population.name}.html"
        found = drift(reference, current, page)
        if page.exists():
            mlflow.log_artifact(str(page))
    store_drift(context.settings.require_database(), day, population.model, population.name, found)
    return found


def _judged(context: Context, population: Population, day: date) -> pd.DataFrame:
    """Features of the rows that the evidence was measured on; of a table without dates, of those with a label."""
    snapshots = context.snapshots
    proof = model_evidence(population.model, production(population.model))["data"]
    if not context.project.spec.dated:
        return _features(context, [day], population, labelled=True)
    told = proof["out_of_time"] if proof.get("validation", Frame.validation) == Frame.validation else []
    days = [date.fromisoformat(text) for text in told]
    return _features(context, [one for one in days if snapshots.covers(one)], population)


def _scored(context: Context, population: Population, day: date) -> pd.DataFrame | None:
    """Features of the rows that are scored on the day; None where those are the rows that a model is made of."""
    waiting = context.snapshots.unlabelled(day)
    if waiting == 0:
        return None
    return _features(context, [day], population, labelled=None if waiting is None else False)


def _features(context: Context, days: list[date], population: Population, labelled: bool | None = None) -> pd.DataFrame:
    """What can drift, at these dates: the calendar moves by itself."""
    names = [feature.name for feature in context.project.features if feature.source != "calendar"]
    context.snapshots.build(context.engine, days)
    parts = [pd.DataFrame(columns=[*names, "population", "label"])]
    parts += [pd.read_parquet(context.snapshots.path(day)) for day in days]
    rows = pd.concat(parts[1:] or parts)
    kept = rows["population"] == population.name
    if labelled is not None:
        kept &= rows["label"].notna() == labelled
    return rows.loc[kept, names]


def _quality(context: Context, day: date) -> list[Quality]:
    project, url, snapshots = context.project, context.settings.require_database(), context.snapshots
    if not project.spec.dated:
        context.say("monitor · no quality measured: without dates, scores cannot be told from those that were fitted")
        return []
    until, known = snapshots.known_until(day), {}
    for one in filter(snapshots.covers, published_dates(url, project.mart)):
        known[one] = [its.name for its in project.populations if its.label.matured(one, until)]
    dates = [one for one, names in known.items() if names]
    snapshots.build(context.engine, dates)
    found = []
    for one in dates:
        scores = published_scores(url, project.mart, one)
        labels = pd.read_parquet(snapshots.path(one), columns=[project.entity, "label"]).dropna()
        found += quality(one, scores[scores["population"].isin(known[one])], labels, project.entity)
    store_quality(url, found)
    return found


def _skew(context: Context, day: date) -> dict[date, Finding]:
    """The features logged on earlier mornings against a backfill of those mornings."""
    project, logged = context.project, Logged(context.settings.lake, context.project.name)
    dates = days_to_compare([one for one in logged.days() if context.snapshots.covers(one)], day)
    if not dates:
        return {}
    names = [feature.name for feature in project.features]
    with tempfile.TemporaryDirectory() as scratch:
        folders = context.snapshots.backfill(context.engine(), dates, Path(scratch))
        found = {
            one: skew(logged.read(one), pd.read_parquet(folder), project.entity, names)
            for one, folder in zip(dates, folders, strict=True)
        }
    for one, finding in found.items():
        context.say(f"monitor · features logged on {one} against a backfill: {finding.sentence}")
    return found


def _skew_alerts(compared: dict[date, Finding]) -> list[str]:
    return [
        f"features logged on {day} are not what a backfill gives: {finding.sentence}"
        for day, finding in compared.items()
        if not finding.passed
    ]


def _drift_alerts(moved: dict[str, list[Drift]]) -> list[str]:
    return [
        f"{population}: {one.feature} moved by {one.distance:.2f}, more than {one.threshold:.2f}"
        for population, found in moved.items()
        for one in found
        if one.verdict == "drift"
    ]


def _quality_alerts(known: list[Quality]) -> list[str]:
    return [
        f"{one.population} scored on {one.score_date} by {one.model_name} version {one.model_version}: "
        f"ROC-AUC {one.auc:.3f} (95% {one.auc_low:.3f} to {one.auc_high:.3f}) turned out below {FLOOR:.2f}"
        for one in known
        if not one.auc_high >= FLOOR
    ]


if __name__ == "__main__":
    sys.exit(run("monitor", monitor, {"project": "churn", "as_of": "latest"}))
