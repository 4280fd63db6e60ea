"""`mlflow run . -e score`: the Spark UDF of the model in production, then the mart."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import mlflow

from features import Population
from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.notifications import tell_person, tell_program
from jobs.runtime.parameters import AsOf
from jobs.runtime.run_log import step
from jobs.runtime.step_locks import check_locks
from monitoring import WATCH, Watch, guarded
from registry import approved_files, productions, verified_files
from serving import Logged, Published, Scored, publish
from serving import score as apply
from stack.folders.owners import remove

#: characters that MLflow takes in a tag.
MOST_TAG = 5000


@dataclass(frozen=True)
class ScoredDay:
    """What was published for a day."""

    score_date: date
    rows: int
    parts: tuple[Published, ...]
    largest_difference: float
    alerts: tuple[str, ...] = ()


def score(context: Context, as_of: AsOf = "latest") -> ScoredDay:
    """Score every population at a date and publish the day, all or nothing; a broken new version is rolled back."""
    project, url = context.project, context.settings.require_database()
    with step(context, "score", {"as_of": as_of}) as record:
        day, snapshots = context.day(as_of), context.snapshots
        vouched = productions(url, [one.model for one in project.populations])
        versions = {one.name: vouched[one.model] for one in project.populations}
        record.rows_in = snapshots.build(context.engine, [day]).rows[day]
        waiting = snapshots.unlabelled(day)
        if waiting == 0:
            context.say(f"score · no row of {day} is without a label: all are scored, those that were fitted on too")
        record.inputs = {"snapshot": snapshots.digest(day), "versions": versions}
        parts, differences, alerts = [], [0.0], []
        for one in project.populations:
            watch = Watch(url, project.mart, one.name, one.model, day)
            done = guarded(watch, versions[one.name], partial(_score, context, one, day, bool(waiting), record.run_id))
            differences.append(done.scored.largest_difference)
            if done.alert is not None:
                alerts.append(done.alert)
                context.say(f"score · ALERT {done.alert}")
                mlflow.set_tag(f"prichal.watch.{one.name}", done.alert[:MOST_TAG])
            if done.moved is not None:
                tell_person(done.moved, WATCH, done.moved.reason)
                tell_program(context, done.moved)
            context.say(f"score · {one.name}: {done.scored.rows:,} rows by {one.model} version {done.version} at {day}")
            matures_on = one.label.matures_on(day)
            expected = snapshots.member_count(day, one.name, unlabelled=bool(waiting))
            parts.append(Published(one.name, done.scored, one.model, done.version, matures_on, expected))
        record.inputs["versions"] = {part.population: part.version for part in parts}
        check_locks(context)
        record.rows_out = publish(url, project.mart, day, parts)
        _remove_earlier_scores(parts)
        Logged(context.settings.lake, project.name).keep(day, snapshots.path(day), project.entity)
    context.say(f"score · {record.rows_out:,} rows published to mart.{project.mart.table} for {day}")
    return ScoredDay(day, record.rows_out, tuple(parts), max(differences), tuple(alerts))


def _score(context: Context, population: Population, day: date, unlabelled: bool, run_id: str, version: str) -> Scored:
    project = context.project
    scores = context.settings.lake / project.name / "scores" / population.name
    target = scores / f"score_date={day}" / f"run={run_id}"
    snapshot = context.snapshots.path(day)
    approved = approved_files(context.settings.require_database(), population.model, version)
    if approved is None:
        context.say(
            f"score · WARNING {population.model} version {version} was promoted before the ledger kept digests of "
            "files: whether its files are the approved ones is not known; train and promote a new version"
        )
    with verified_files(population.model, version, approved) as files:
        return apply(context.spark(), snapshot, population.name, project.entity, files, target, unlabelled=unlabelled)


def _remove_earlier_scores(parts: Sequence[Published]) -> None:
    """Remove what earlier runs scored on the day: they have ended, for one `score` of a project runs at a time."""
    for part in parts:
        for path in part.scored.folder.parent.iterdir():
            if path != part.scored.folder:
                remove(path)


if __name__ == "__main__":
    sys.exit(run(score))
