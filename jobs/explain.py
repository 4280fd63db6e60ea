"""`mlflow run . -e explain`: a published score, computed again from the stored snapshot and version."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context, parse_date
from jobs.runtime.parameters import PublishedDate, UserId
from jobs.runtime.privacy.erased_people import NOT_RECORDED, read_person
from jobs.runtime.privacy.explanation import ScoreExplanation, explain_score
from jobs.runtime.run_log import step
from stack.services import hide_parameter


def explain(context: Context, user: UserId = "", date: PublishedDate = "") -> ScoreExplanation:
    """Print score, features, reasons and actions of a person on a day, and whether they equal the published ones."""
    person, day = read_person(context, user), parse_date(date, "date")
    hide_parameter(context.settings, "user", user)
    with step(context, "explain", {"user": NOT_RECORDED, "date": date}):
        explanation = explain_score(context, person, day)
    for line in explanation.lines():
        context.say(f"explain · {line}")
    return explanation


if __name__ == "__main__":
    sys.exit(run(explain))
