"""The erased people of a project: recorded in the database as salted hashes, read by every ingest."""

from collections.abc import Iterable

from jobs.runtime.context import Context
from lake.erasure.people import PERSON, ErasedPeople
from stack.errors import PrichalError
from stack.postgres import connect

#: the value of the parameter `user` in `ops.runs`.
NOT_RECORDED = "not recorded"
ADMINISTRATOR = "prichal_administrator"


class PersonError(PrichalError):
    """A text that cannot be the id of a person of the project."""


def read_person(context: Context, user: str) -> str:
    """The id of a person as the mart stores it.

    Raises:
        PersonError: the text is empty, or no whole number where the ids are numbers.
    """
    mart, person = context.project.mart, user.strip()
    if not person:
        raise PersonError(f"The parameter user is empty: give the {mart.entity} of a person, as -P user=...")
    if mart.entity_type == "text":
        return person
    try:
        return str(int(person))
    except ValueError:
        raise PersonError(
            f"The parameter user is no whole number, but each {mart.entity} of project {context.project.name} is: "
            "give the number."
        ) from None


def read_erased(context: Context) -> ErasedPeople | None:
    """The erased people of the project; None if nobody was erased."""
    name = context.project.name
    with connect(context.settings.require_database()) as connection:
        salt = connection.execute("select salt from ops.erasure_salts where project = %s", [name]).fetchone()
        hashes = connection.execute("select identifier_hash from ops.erased where project = %s", [name]).fetchall()
    if salt is None or not hashes:
        return None
    return ErasedPeople(context.project.entity, str(salt[0]), frozenset(str(row[0]) for row in hashes))


def record_erasure(context: Context, person: str, anonymous_ids: Iterable[tuple[str, str]]) -> ErasedPeople:
    """Record the hashes of a person and of anonymous ids.

    Args:
        context: of the step.
        person: the person.
        anonymous_ids: kind and id of each.

    Returns:
        All erased people of the project.
    """
    identifiers = [(PERSON, person), *anonymous_ids]
    values = [context.project.name, [kind for kind, _ in identifiers], [text for _, text in identifiers]]
    with connect(context.settings.require_database(), role=ADMINISTRATOR) as connection:
        connection.execute("select ops.record_erasure(%s, %s, %s)", values)
    erased = read_erased(context)
    assert erased is not None  # noqa: S101  # it was just recorded
    return erased
