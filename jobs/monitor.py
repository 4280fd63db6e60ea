"""`mlflow run . -e monitor`: drift, matured quality, alerts."""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

import mlflow
import pandas as pd

from features import Population
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import AsOf
from jobs.runtime.run_log import step
from monitoring import (
    Drift,
    Quality,
    days_to_compare,
    drift,
    drift_alerts,
    expected_sentence,
    quality,
    rehearsals,
    skew,
    store_drift,
    store_quality,
    usual_distances,
    write_report,
)
from registry import model_evidence, production
from serving import Logged, published_dates, published_scores
from training import Finding
from training.data.validation import OUT_OF_TIME, validation

#: why there may be nothing to compare with.
GONE = "the rows that the evidence rests on are gone"


@dataclass(frozen=True)
class Watched:
    """What the monitors found, and the sentences that call a person."""

    drift: dict[str, list[Drift]]
    quality: list[Quality]
    skew: dict[date, Finding]
    alerts: tuple[str, ...]


def monitor(context: Context, as_of: AsOf = "latest") -> Watched:
    """Compare today's features with those the evidence was measured on, and matured scores with what happened."""
    with step(context, "monitor", {"as_of": as_of}) as record:
        day = context.day(as_of)
        moved = {one.name: _drift(context, one, day) for one in context.project.populations}
        known = _quality(context, day)
        record.rows_in, record.rows_out = sum(one.rows for one in known), len(known)
        compared = _skew(context, day)
        alerts = (
            *drift_alerts(moved, context.project.features),
            *_quality_alerts(known, context.project.policy.lowest_auc),
            *_skew_alerts(compared),
        )
        mlflow.set_tag("prichal.alerts", str(len(alerts)))
        mlflow.log_text("\n".join(alerts) or "no alert", "alerts.txt")
    context.say(f"monitor · {len(known)} matured days measured, {len(alerts)} alerts")
    for alert in alerts:
        context.say(f"monitor · ALERT {alert}")
    expected = expected_sentence([one for found in moved.values() for one in found])
    if expected:
        context.say(f"monitor · {expected}")
    return Watched(moved, known, compared, alerts)


@dataclass(frozen=True)
class _Compared:
    """Features of the rows that judged and of those scored, and how far each one usually is from them."""

    reference: pd.DataFrame
    current: pd.DataFrame
    usual: dict[str, float]


def _drift(context: Context, population: Population, day: date) -> list[Drift]:
    compared = (_by_date if context.project.spec.dated else _by_label)(context, population, day)
    if isinstance(compared, str):
        context.say(f"monitor · {population.name}: no drift measured, {compared}")
        return []
    calendar = [feature.name for feature in context.project.features if feature.source == "calendar"]
    found = drift(compared.reference, compared.current, compared.usual, calendar)
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / f"drift_{population.name}.html"
        write_report(compared.reference, compared.current, found, page)
        if page.exists():
            mlflow.log_artifact(str(page))
    store_drift(context.settings.require_database(), day, population.model, population.name, found)
    return found


def _by_date(context: Context, population: Population, day: date) -> _Compared | str:
    """The dates that the gate judged the model on, and the day; or why there is nothing to compare."""
    snapshots, judged = context.snapshots, _judged_dates(context, population)
    if not judged:
        return GONE
    mornings = rehearsals(context.grid(day), judged, day)
    snapshots.build(context.engine, sorted({*judged, day, *mornings, *chain.from_iterable(mornings.values())}))
    usual = usual_distances(
        (_features(context, before, population), _features(context, [one], population))
        for one, before in mornings.items()
    )
    reference, current = _features(context, judged, population), _features(context, [day], population)
    return GONE if reference.empty else _Compared(reference, current, usual)


def _judged_dates(context: Context, population: Population) -> list[date]:
    """Those that are still in the data; none for a model of a table that had no dates."""
    version = production(context.settings.require_database(), population.model)
    data = model_evidence(population.model, version)["data"]
    if validation(data) != OUT_OF_TIME:
        return []
    days = [date.fromisoformat(text) for text in data["out_of_time"]]
    return [one for one in days if context.snapshots.covers(one)]


def _by_label(context: Context, population: Population, day: date) -> _Compared | str:
    """Without dates: the rows with a label, and those without, which are scored; there are no earlier mornings."""
    context.snapshots.build(context.engine, [day])
    if context.snapshots.unlabelled(day) == 0:
        return "the rows scored are those the model was made of"
    reference, current = (_features(context, [day], population, labelled=one) for one in (True, False))
    return GONE if reference.empty else _Compared(reference, current, {})


def _features(
    context: Context, days: Sequence[date], population: Population, labelled: bool | None = None
) -> pd.DataFrame:
    names = [feature.name for feature in context.project.features]
    columns = ["population", "label", *names]
    rows = pd.concat([pd.read_parquet(context.snapshots.path(day), columns=columns) for day in days])
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


def _quality_alerts(known: list[Quality], lowest_auc: float) -> list[str]:
    """Days on which the AUC was surely below the bound that the project's own policy sets."""
    return [
        f"{one.population} scored on {one.score_date} by {one.model_name} version {one.model_version}: "
        f"ROC-AUC {one.auc:.3f} (95% {one.auc_low:.3f} to {one.auc_high:.3f}) turned out below the "
        f"{lowest_auc:.2f} of the project's policy"
        for one in known
        if not one.auc_high >= lowest_auc
    ]


if __name__ == "__main__":
    sys.exit(run(monitor))
