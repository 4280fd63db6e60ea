"""Move aliases so that a process can die anywhere: the ledger says first what will be done, and what was done last.

An `intent` row, then `previous`, then `production`, then a `promote` or `rollback` row. Models of one release have
their intents written together, and so are moved all or none. What has begun is completed by the next call.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby

import psycopg

from registry.ledger.chain import Row
from registry.ledger.history import ModelState, read
from registry.ledger.ledger import LedgerEntry
from registry.release.locked_models import LockedModels, exists
from registry.release.session_lock import locked
from stack.schema import check_schema

#: alias of the version whose review waits: a signpost for people, which nothing is decided by.
IN_REVIEW = "in_review"
#: in the order they are set: whatever is in production, `previous` is known by then.
ALIASES = ("previous", "production")
#: acts that a row `intent` can begin.
MOVES = ("promote", "rollback")
Aliased = Mapping[str, str | None]


@contextmanager
def reconcile(database_url: str, models: Iterable[str], who: str) -> Iterator[LockedModels]:
    """Hold these models, with whatever a killed process or a hand left behind put right.

    The other models of a release that has begun or waits are held too: it is completed or ended as a whole.

    Args:
        database_url: where the ledger is.
        models: registered names.
        who: said in the rows of repairs.
    """
    check_schema(database_url)
    wanted = frozenset(models)
    while True:
        with locked(database_url, wanted) as connection:
            together = wanted.union(*(_members(connection, model) for model in wanted))
            if together == wanted:
                locked_models = LockedModels(connection, wanted)
                _repair(locked_models, who)
                yield locked_models
                return
        wanted = together


def execute(locked_models: LockedModels, moves: Sequence[LedgerEntry], first: Sequence[LedgerEntry] = ()) -> list[Row]:
    """Make moves, all or none.

    Args:
        locked_models: their models.
        moves: the rows that will say that it was done: `promote` or `rollback`.
        first: rows that belong to the beginning, such as an approval.

    Returns:
        The rows of the moves.
    """
    begun = locked_models.write([*first, *(_intent(move) for move in moves)])
    return _finish(locked_models, begun[len(first) :])


def _intent(move: LedgerEntry) -> LedgerEntry:
    return LedgerEntry(
        move.who, move.model, "intent", move.version, move.replaced, move.reason, {**move.decision, "move": move.act}
    )


def _finish(locked_models: LockedModels, intents: Sequence[Row], note: str = "") -> list[Row]:
    for intent in intents:
        _move(locked_models, intent)
    ended = locked_models.write([_end(intent, note) for intent in intents])
    for intent in intents:
        sign(locked_models, intent.model)
    return ended


def sign(locked_models: LockedModels, model: str) -> None:
    """Let the alias `in_review` be where the review is that waits."""
    if model not in locked_models.aliases:
        return
    review = locked_models.state(model).review
    version = review.version if review else None
    locked_models.point(
        model, {IN_REVIEW: version if version and exists(locked_models.client, model, version) else None}
    )


def _end(intent: Row, note: str) -> LedgerEntry:
    decision = {name: value for name, value in intent.decision.items() if name != "move"}
    return LedgerEntry(
        intent.who, intent.model, intent.decision["move"], intent.version, intent.replaced,
        f"{intent.reason}{note}", {**decision, "intent": intent.id},
    )  # fmt: skip


def _move(locked_models: LockedModels, intent: Row) -> None:
    back = intent.decision["move"] == "rollback"
    wanted: dict[str, str | None] = {"previous": None if back else intent.replaced, "production": intent.version}
    if back and locked_models.aliases[intent.model].get("challenger") == intent.replaced:
        wanted["challenger"] = None  # or it would be proposed again at once
    locked_models.point(intent.model, wanted)


def _members(connection: psycopg.Connection, model: str) -> set[str]:
    """The models of the releases that this one has a part in now."""
    state = read(connection, model)
    return {one for row in (state.intent, state.review) if row for one in release_of(row.decision).get("models", [])}


def release_of(decision: Mapping[str, object]) -> Mapping[str, list[str]]:
    """The release that a row is part of: its `id` and `models`; empty if none."""
    found = decision.get("release")
    return found if isinstance(found, Mapping) else {}


def _repair(locked_models: LockedModels, who: str) -> None:
    states = {model: locked_models.state(model) for model in sorted(locked_models.models)}
    for model, state in states.items():
        locked_models.look(model, state)
    begun = [state.intent for state in states.values() if state.intent]
    for _, group in groupby(sorted(begun, key=_release), key=_release):
        _complete(locked_models, list(group), who)
    for model, state in states.items():
        _set_back(locked_models, model, locked_models.state(model) if state.intent else state, who)


def _release(row: Row) -> str:
    """What rows of one release have in common."""
    return str(release_of(row.decision).get("id", row.id))


def _complete(locked_models: LockedModels, intents: Sequence[Row], who: str) -> None:
    """Carry on where a process died; if a version is gone since, the move is given up as a whole."""
    unknown = [row for row in intents if row.decision.get("move") not in MOVES]
    if unknown:
        why = f"row {unknown[0].id} does not say whether it begins a promotion or a rollback"
        locked_models.write([_given_up(row, who, why) for row in intents])
        return
    gone = [row for row in intents if not exists(locked_models.client, row.model, row.version or "")]
    if not gone:
        _finish(locked_models, intents, f" (Begun by a process that died; completed by {who}.)")
        return
    lost = f"MLflow has no version {gone[0].version} of {gone[0].model} any more"
    locked_models.write([_given_up(row, who, lost) for row in intents])


def _given_up(intent: Row, who: str, why: str) -> LedgerEntry:
    said = f"The move that row {intent.id} began is given up: {why}."
    return LedgerEntry(who, intent.model, "void", intent.version, intent.replaced, said, {"ends": intent.id})


def _set_back(locked_models: LockedModels, model: str, state: ModelState, who: str) -> None:
    """The ledger is right: an alias that was moved by hand goes back to where it says, a lost head comes back."""
    if model not in locked_models.aliases:
        return  # another MLflow, or a model deleted there: the ledger keeps what it knows
    there = {name: locked_models.aliases[model].get(name) for name in ALIASES}
    known = {"previous": state.previous, "production": state.production}
    lost_head = locked_models.missing_heads.get(model)
    if there != known or lost_head:
        right = {name: one if one and exists(locked_models.client, model, one) else None for name, one in known.items()}
        decision = {"found": there, "set": right}
        reason = " ".join(
            [*([_found(there, known, right)] if there != known else []), *([lost_head] if lost_head else [])]
        )
        locked_models.write(
            [LedgerEntry(who, model, "repair", right["production"], there["production"], reason, decision)]
        )
        locked_models.point(model, right)
    sign(locked_models, model)


def _found(there: Aliased, known: Aliased, right: Aliased) -> str:
    """What was not as the ledger says, alias by alias."""
    said = []
    for name in (one for one in ALIASES if there[one] != known[one]):
        found, says, now = _called(there[name]), _called(known[name]), _called(right[name])
        gone = "" if right[name] == known[name] else f", which MLflow has no more: it is at {now} now"
        said.append(f"{name} was found at {found} while the ledger says {says}{gone}")
    return f"{'; '.join(said)}. The ledger is right, the aliases were set by it."


def _called(version: str | None) -> str:
    return f"version {version}" if version else "nothing"
