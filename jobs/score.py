"""`mlflow run . -e score`: the Spark UDF of the model in production, then the mart."""

import sys
from dataclasses import dataclass
from datetime import date

from jobs.command import run
from jobs.context import Context
from jobs.journal import step
from registry import productions
from serving import Logged, Published, publish
from serving import score as apply


@dataclass(frozen=True)
class ScoredDay:
    """What was published for a day."""

    score_date: date
    rows: int
    parts: tuple[Published, ...]
    largest_difference: float


def score(context: Context, as_of: str = "latest") -> ScoredDay:
    """Score every population at a date and publish the day, all or nothing."""
    project, url = context.project, context.settings.require_database()
    with step(context, "score", {"as_of": as_of}) as entry:
        day, snapshots = context.day(as_of), context.snapshots
        vouched = productions(url, [one.model for one in project.populations])
        versions = {one.name: vouched[one.model] for one in project.populations}
        entry.rows_in = snapshots.build(context.engine, [day]).rows[day]
        waiting = snapshots.unlabelled(day)
        if waiting == 0:
            context.say(f"score · no row of {day} is without a label: all are scored, those that were fitted on too")
        entry.inputs = {"snapshot": snapshots.digest(day), "versions": versions}
        parts, differences = [], [0.0]
        for one in project.populations:
            target = context.settings.lake / project.name / "scores" / one.name / f"score_date={day}"
            done = apply(
                context.spark(),
                snapshots.path(day),
                one.name,
                project.entity,
                one.model,
                versions[one.name],
                target,
                unlabelled=bool(waiting),
            )
            differences.append(done.largest_difference)
            context.say(f"score · {one.name}: {done.rows:,} rows by {one.model} version {versions[one.name]} at {day}")
            matures_on = one.label.matures_on(day)
            parts.append(Published(one.name, done.folder, one.model, versions[one.name], matures_on))
        entry.rows_out = publish(url, project.mart, day, parts)
        Logged(context.settings.lake, project.name).keep(day, snapshots.path(day), project.entity)
    context.say(f"score · {entry.rows_out:,} rows published to mart.{project.mart.table} for {day}")
    return ScoredDay(day, entry.rows_out, tuple(parts), max(differences))


if __name__ == "__main__":
    sys.exit(run("score", score, {"project": "churn", "as_of": "latest"}))
