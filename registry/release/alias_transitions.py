"""Change aliases so that a process can be killed at any step: rows of the ledger enclose each change in MLflow.

A transition writes an `intent` row, sets `previous`, sets `production`, and writes a `promote` or `rollback` row. The
intents of a release are written together, so all of its models change or none. The next call completes an
interrupted transition.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby

import psycopg

from registry.ledger.chain import Row
from registry.ledger.history import ModelState, promoted_files, read
from registry.ledger.ledger import LedgerEntry
from registry.release.locked_models import LockedModels
from registry.release.session_lock import lock_models
from registry.versions.registered_models import ALIASES, has_version
from registry.versions.versions import read_version
from stack.schema import check_schema

#: alias of the version under review; it is for people, and no decision depends on it.
IN_REVIEW = "in_review"
#: acts that an `intent` row can begin.
TRANSITIONS = ("promote", "rollback")
AliasVersions = Mapping[str, str | None]


@contextmanager
def reconcile(database_url: str, models: Iterable[str], who: str) -> Iterator[LockedModels]:
    """Lock the models and repair interrupted or manual changes of their aliases.

    The other models of an open release are locked too, so that the release is completed or ended as a whole.

    Args:
        database_url: where the ledger is.
        models: registered names.
        who: written into the rows of repairs.
    """
    check_schema(database_url)
    wanted = frozenset(models)
    while True:
        with lock_models(database_url, wanted) as connection:
            with_releases = wanted.union(*(_open_release_models(connection, model) for model in wanted))
            if with_releases == wanted:
                locked_models = LockedModels(connection, wanted)
                _repair(locked_models, who)
                yield locked_models
                return
        wanted = with_releases


def execute(
    locked_models: LockedModels, transitions: Sequence[LedgerEntry], first: Sequence[LedgerEntry] = ()
) -> list[Row]:
    """Execute all transitions or none.

    Args:
        locked_models: their models.
        transitions: the final rows, `promote` or `rollback`.
        first: rows that are written together with the intents, such as an approval.

    Returns:
        The final rows.
    """
    begun = locked_models.append([*first, *(_intent(transition) for transition in transitions)])
    return _finish(locked_models, begun[len(first) :])


def set_in_review(locked_models: LockedModels, model: str) -> None:
    """Set the alias `in_review` to the version of the open review, or delete it."""
    if model not in locked_models.aliases:
        return
    review = locked_models.state(model).review
    version = review.version if review else None
    is_there = version is not None and has_version(locked_models.client, model, version)
    locked_models.set_aliases(model, {IN_REVIEW: version if is_there else None})


def release_of(decision: Mapping[str, object]) -> Mapping[str, list[str]]:
    """`id` and `models` of the release that a row belongs to; empty if it belongs to none."""
    release = decision.get("release")
    return release if isinstance(release, Mapping) else {}


def _intent(transition: LedgerEntry) -> LedgerEntry:
    return LedgerEntry(
        transition.who, transition.model, "intent", transition.version, transition.replaced, transition.reason,
        {**transition.decision, "move": transition.act},
    )  # fmt: skip


def _finish(locked_models: LockedModels, intents: Sequence[Row], note: str = "") -> list[Row]:
    for intent in intents:
        _set_aliases(locked_models, intent)
    ended = locked_models.append([_final_entry(intent, note) for intent in intents])
    for intent in intents:
        set_in_review(locked_models, intent.model)
    return ended


def _final_entry(intent: Row, note: str) -> LedgerEntry:
    decision = {name: value for name, value in intent.decision.items() if name != "move"}
    return LedgerEntry(
        intent.who, intent.model, intent.decision["move"], intent.version, intent.replaced,
        f"{intent.reason}{note}", {**decision, "intent": intent.id},
    )  # fmt: skip


def _set_aliases(locked_models: LockedModels, intent: Row) -> None:
    is_rollback = intent.decision["move"] == "rollback"
    wanted: dict[str, str | None] = {"previous": None if is_rollback else intent.replaced, "production": intent.version}
    if is_rollback and locked_models.aliases[intent.model].get("challenger") == intent.replaced:
        wanted["challenger"] = None  # otherwise the next promotion would propose it again
    locked_models.set_aliases(intent.model, wanted)


def _open_release_models(connection: psycopg.Connection, model: str) -> set[str]:
    """Models of the open releases that this model belongs to."""
    state = read(connection, model)
    open_rows = [row for row in (state.intent, state.review) if row]
    return {name for row in open_rows for name in release_of(row.decision).get("models", [])}


def _repair(locked_models: LockedModels, who: str) -> None:
    states = {model: locked_models.state(model) for model in sorted(locked_models.models)}
    for model, state in states.items():
        locked_models.load(model, state)
    begun = [state.intent for state in states.values() if state.intent]
    for _, group in groupby(sorted(begun, key=_release_id), key=_release_id):
        _complete(locked_models, list(group), who)
    for model, state in states.items():
        _repair_aliases(locked_models, model, locked_models.state(model) if state.intent else state, who)


def _release_id(row: Row) -> str:
    """Id that all rows of one release have in common."""
    return str(release_of(row.decision).get("id", row.id))


def _complete(locked_models: LockedModels, intents: Sequence[Row], who: str) -> None:
    """Complete an interrupted transition; cancel all of it if one of its versions was deleted since."""
    unknown = [row for row in intents if row.decision.get("move") not in TRANSITIONS]
    if unknown:
        why = f"row {unknown[0].id} does not say whether it begins a promotion or a rollback"
        locked_models.append([_cancelled(row, who, why) for row in intents])
        return
    deleted = [row for row in intents if not has_version(locked_models.client, row.model, row.version or "")]
    if not deleted:
        _finish(locked_models, intents, f" (The process that began this was interrupted; completed by {who}.)")
        return
    why = f"MLflow no longer has version {deleted[0].version} of {deleted[0].model}"
    locked_models.append([_cancelled(row, who, why) for row in intents])


def _cancelled(intent: Row, who: str, why: str) -> LedgerEntry:
    sentence = f"The transition that row {intent.id} began is cancelled: {why}."
    return LedgerEntry(who, intent.model, "void", intent.version, intent.replaced, sentence, {"ends": intent.id})


def _repair_aliases(locked_models: LockedModels, model: str, state: ModelState, who: str) -> None:
    """Set the aliases by the ledger where they were changed manually, and write a lost `HEAD` again."""
    if model not in locked_models.aliases:
        return  # another MLflow server, or a model that was deleted: its rows stay in the ledger
    actual = {name: locked_models.aliases[model].get(name) for name in ALIASES}
    recorded = {"previous": state.previous, "production": state.production}
    lost_head = locked_models.missing_heads.get(model)
    if actual != recorded or lost_head:
        right = {
            name: version if version and _is_recorded_version(locked_models, model, state, version) else None
            for name, version in recorded.items()
        }
        decision = {"found": actual, "set": right}
        differences = _describe_repair(actual, recorded, right) if actual != recorded else None
        reason = " ".join(sentence for sentence in (differences, lost_head) if sentence)
        locked_models.append(
            [LedgerEntry(who, model, "repair", right["production"], actual["production"], reason, decision)]
        )
        locked_models.set_aliases(model, right)
    set_in_review(locked_models, model)


def _is_recorded_version(locked_models: LockedModels, model: str, state: ModelState, version: str) -> bool:
    """Whether MLflow has the version that the ledger recorded.

    After a model was deleted, a training registers it again from version 1: such a version has other files.
    """
    if not has_version(locked_models.client, model, version):
        return False
    sha256 = promoted_files(state, version) if model in locked_models.missing_heads else None
    return sha256 is None or read_version(model, version).files_sha256 == sha256


def _describe_repair(actual: AliasVersions, recorded: AliasVersions, right: AliasVersions) -> str:
    """Which aliases differed from the ledger, and their versions after the repair."""
    parts = []
    for name in (alias for alias in ALIASES if actual[alias] != recorded[alias]):
        part = f"{name} was at {_version(actual[name])}, but the ledger records {_version(recorded[name])}"
        if right[name] != recorded[name]:
            part += f", which MLflow no longer has: it is at {_version(right[name])} now"
        parts.append(part)
    return f"{'; '.join(parts)}. The aliases were set by the ledger."


def _version(version: str | None) -> str:
    return f"version {version}" if version else "no version"
