"""The scores of one day: every population scored by its version in production, checked and published together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import mlflow

from features import Population
from jobs.runtime.context import Context
from jobs.runtime.notifications import post_webhook, put_on_version_pages
from jobs.runtime.run_log import RunRecord
from jobs.runtime.step_locks import check_locks
from monitoring import CANARY, CanaryResult, CanaryTarget, score_with_canary
from registry import approved_files, productions, verified_files
from serving import FeatureLog, PopulationScores, ScoreFiles, publish, remove_earlier_scores, score_population

#: characters that MLflow accepts in a tag.
MAX_TAG_LENGTH = 5000


@dataclass(frozen=True)
class ScoredDay:
    """What was published for a day.

    Attributes:
        rows: published.
        parts: one for each population.
        largest_difference: between the probabilities of the Spark UDF and of the model without Spark.
        alerts: of the canary.
    """

    score_date: date
    rows: int
    parts: tuple[PopulationScores, ...]
    largest_difference: float
    alerts: tuple[str, ...] = ()


def score_and_publish(context: Context, as_of: str, record: RunRecord) -> ScoredDay:
    """Score every population at a date and publish the day in one transaction.

    Raises:
        ScoringError: a version cannot score and no other one can replace it; nothing was published.
        PublishError: the scores failed a check; nothing was published.
    """
    project, url = context.project, context.settings.require_database()
    day, snapshots = context.day(as_of), context.snapshots
    production = productions(url, [population.model for population in project.populations])
    record.rows_in = snapshots.build(context.engine, [day]).rows[day]
    unlabelled_rows = snapshots.unlabelled(day)
    if unlabelled_rows == 0:
        context.say(f"score · every row of {day} has a label: all rows are scored, also those used for training")
    record.inputs = {
        "snapshot": snapshots.digest(day),
        "versions": {population.name: production[population.model] for population in project.populations},
    }
    results = {
        population.name: _score_with_canary(
            context, population, day, production[population.model], bool(unlabelled_rows), record.run_id
        )
        for population in project.populations
    }
    parts = [
        PopulationScores(
            population.name, results[population.name].scores, population.model, results[population.name].version,
            population.label.matures_on(day),
            snapshots.member_count(day, population.name, unlabelled=bool(unlabelled_rows)),
        )
        for population in project.populations
    ]  # fmt: skip
    record.inputs["versions"] = {part.population: part.version for part in parts}  # the canary may have changed one
    record.rows_out = _publish(context, day, parts, record.run_id)
    alerts = tuple(result.alert for result in results.values() if result.alert is not None)
    largest = max((result.scores.largest_difference for result in results.values()), default=0.0)
    return ScoredDay(day, record.rows_out, tuple(parts), largest, alerts)


def _publish(context: Context, day: date, parts: Sequence[PopulationScores], run_id: str) -> int:
    project, settings = context.project, context.settings
    check_locks(context)
    rows = publish(settings.require_database(), project.mart, day, parts, run_id)
    remove_earlier_scores(parts)
    FeatureLog(settings.lake, project.name).write(day, context.snapshots.path(day), project.entity)
    context.say(f"score · {rows:,} rows published to mart.{project.mart.table} for {day}")
    return rows


def _score_with_canary(
    context: Context, population: Population, day: date, version: str, unlabelled: bool, run_id: str
) -> CanaryResult:
    """Score one population; report an alert or a rollback of the canary."""
    url, mart = context.settings.require_database(), context.project.mart
    target = CanaryTarget(url, mart, population.name, population.model, day)
    result = score_with_canary(target, version, partial(_score, context, population, day, unlabelled, run_id))
    if result.alert is not None:
        context.say(f"score · ALERT {result.alert}")
        mlflow.set_tag(f"prichal.watch.{population.name}", result.alert[:MAX_TAG_LENGTH])
    if result.rollback is not None:
        put_on_version_pages(result.rollback, CANARY, result.rollback.reason)
        post_webhook(context, result.rollback)
    context.say(
        f"score · {population.name}: {result.scores.rows:,} rows by {population.model} version {result.version} "
        f"at {day}"
    )
    return result


def _score(
    context: Context, population: Population, day: date, unlabelled: bool, run_id: str, version: str
) -> ScoreFiles:
    """Score one population with a version whose files are the approved ones."""
    project = context.project
    scores = context.settings.lake / project.name / "scores" / population.name
    target = scores / f"score_date={day}" / f"run={run_id}"
    approved = approved_files(context.settings.require_database(), population.model, version)
    if approved is None:
        context.say(
            f"score · WARNING {population.model} version {version} was promoted before the ledger stored digests of "
            "files: its files cannot be compared with the approved ones; train and promote a new version"
        )
    with verified_files(population.model, version, approved) as files:
        return score_population(
            context.spark(), context.snapshots.path(day), population.name, project.entity, files, target,
            unlabelled=unlabelled, reasons=project.reasons,
        )  # fmt: skip
