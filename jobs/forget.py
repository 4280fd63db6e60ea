"""`mlflow run . -e forget`: remove a person from all tables, files and objects."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import UserId
from jobs.runtime.privacy.erased_people import NOT_RECORDED, read_person
from jobs.runtime.privacy.forgetting import Forgotten, forget_person
from jobs.runtime.run_log import step


def forget(context: Context, user: UserId = "") -> Forgotten:
    """Remove a person and record only a salted hash; later ingests leave the person out."""
    person = read_person(context, user)
    with step(context, "forget", {"user": NOT_RECORDED}):
        forgotten = forget_person(context, person, user)
    for sentence in forgotten.sentences():
        context.say(f"forget · {sentence}")
    return forgotten


if __name__ == "__main__":
    sys.exit(run(forget))
