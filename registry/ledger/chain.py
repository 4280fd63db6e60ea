"""The ledger's rows as a chain of hashes: what was changed, taken out or moved after it was written shows."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

#: what the first row follows.
GENESIS = "0" * 64
#: a few rows are written a day: a larger gap between two numbers is not one of rows that were taken out.
LARGEST_GAP = 1_000_000
#: acts that may be a model's first row.
FIRST_ACTS = {"intent", "refuse", "review", "repair", "void"}


@dataclass(frozen=True)
class Row:
    """A row of `ops.promotions`.

    Attributes:
        id: 1, 2, 3 and so on, without gaps.
        happened_at: the database's clock.
        who: a person, a program's account, or `watch`.
        model: registered name.
        act: what was done (docs/promotion.md).
        version: that it is about; of a `repair`, what the ledger vouches for, None if that is nothing.
        replaced: version that was in production before, or was found there; None if none was.
        decision: what is needed to defend or to complete the act.
        reason: a sentence.
        previous_hash: `row_hash` of the row before.
        row_hash: of all the above.
    """

    id: int
    happened_at: datetime
    who: str
    model: str
    act: str
    version: str | None
    replaced: str | None
    decision: Mapping[str, Any]
    reason: str
    previous_hash: str
    row_hash: str = ""

    def sealed(self) -> "Row":
        """The row with the hash that belongs to it."""
        return replace(self, row_hash=digest(self))

    @property
    def head(self) -> str:
        """Id and hash, as kept in MLflow too."""
        return f"{self.id}:{self.row_hash}"


def digest(row: Row) -> str:
    """SHA-256, in hexadecimal digits, of the row's canonical JSON; its own hash is not part of it."""
    content = {**vars(row), "happened_at": row.happened_at.astimezone(UTC).isoformat(timespec="microseconds")}
    del content["row_hash"]
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def canonical(content: Mapping[str, Any]) -> str:
    """JSON that is the same for the same content: keys in order, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """What jsonb can hold: a number that is not finite becomes text, and so does what JSON has no form for."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value).replace("\0", " ")


def problems(rows: Sequence[Row]) -> list[str]:
    """A sentence on each row that is not as it was written.

    Args:
        rows: all rows of the ledger by id.
    """
    return [*_missing(rows), *_changed(rows), *_torn(rows)]


def head_problem(model: str, head: str, rows: Sequence[Row]) -> str | None:
    """What speaks against the head that MLflow holds for a model.

    A head that lags is none: a process can die between the ledger's row and the tag.

    Args:
        model: registered name.
        head: id and hash, as the tag has them.
        rows: of the ledger; those of the model are enough.
    """
    number, _, known = head.partition(":")
    found = [row for row in rows if str(row.id) == number and row.model == model]
    if not found:
        return f"Row {number} is missing: MLflow has seen it as the last of {model}, and it was cut off or changed."
    if found[0].row_hash != known:
        return f"Row {number} was rewritten: MLflow has seen it with another hash as the last of {model}."
    return None


def missing_head_problem(model: str, rows: Sequence[Row], last_without_head: int) -> str | None:
    """What the ledger says against a model that has no head in MLflow.

    A model whose first row was just written may have none: a process can die between the ledger's row and the tag.

    Args:
        model: registered name.
        rows: of the model, by id.
        last_without_head: number of the last row that a release without heads wrote.
    """
    written = [row for row in rows if row.id > last_without_head]
    if not written or (len(written) == 1 and written[0].act in FIRST_ACTS):
        return None
    return (
        f"MLflow has no tag prichal.ledger_head on {model}, whose last row in the ledger is {rows[-1].id}: the tag was "
        "taken away, or the model was deleted and made anew."
    )


def unrecorded_alias_problem(model: str, aliases: Mapping[str, str], rows: Sequence[Row]) -> str | None:
    """What the ledger says against aliases that no row has set.

    Args:
        model: registered name.
        aliases: `production` and `previous`, where they are set, to version.
        rows: of the model, by id.
    """
    recorded = {version for row in rows for version in _set_versions(row)}
    for alias, version in aliases.items():
        if version not in recorded:
            return f"The alias {alias} of {model} is at version {version}, and no row of the ledger has put it there."
    return None


def is_whole(row: Row) -> bool:
    """Whether the row's hash is of its content; a number that JSON cannot hold is no content that was written."""
    try:
        return digest(row) == row.row_hash
    except ValueError:
        return False


def wrong_number(before: Row | None, row: Row) -> str | None:
    """A sentence on a row whose number cannot have been written after the row before it; None if it can.

    Args:
        before: the row with the next lower number; None if there is none.
        row: the row in question.
    """
    last = before.id if before else 0
    follows = row.previous_hash == (before.row_hash if before else GENESIS)
    if row.id >= 1 and (row.id == last + 1 or not (follows or row.id > last + LARGEST_GAP)):
        return None
    return f"Row {row.id} is impossible: it comes after row {last} and its number is not {max(last, 0) + 1}."


def _set_versions(row: Row) -> set[str | None]:
    """The versions at which the row, or the move that it begins, puts aliases."""
    if row.act == "repair" and isinstance(row.decision.get("set"), Mapping):
        return set(row.decision["set"].values())
    moves = row.act in {"intent", "promote", "rollback", "repair"}
    return {row.version, row.replaced} if moves else set()


def _missing(rows: Sequence[Row]) -> Iterator[str]:
    last, before = 0, None
    for row in rows:
        impossible, before = wrong_number(before, row), row
        if impossible:
            yield impossible
        elif row.id > last + 1:
            gone = f"Row {last + 1} is" if row.id == last + 2 else f"Rows {last + 1} to {row.id - 1} are"
            yield f"{gone} missing."
        last = max(row.id, 0)


def _changed(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if is_whole(row):
            continue
        place = next((other.id for other in rows if is_whole(replace(row, id=other.id))), None)
        if place is None:
            yield f"Row {row.id} was tampered with: its content does not fit its hash."
        else:
            yield f"Row {row.id} is out of order: it was written as row {place}."


def _torn(rows: Sequence[Row]) -> Iterator[str]:
    """Where a row does not follow the one before, although both are whole and side by side."""
    if rows and rows[0].id == 1 and rows[0].previous_hash != GENESIS and is_whole(rows[0]):
        yield "Row 1 is not the first that was written: it follows another."
    for before, row in pairwise(rows):
        whole = is_whole(before) and is_whole(row)
        if row.id != before.id + 1 or not whole:
            continue
        if row.previous_hash != before.row_hash:
            yield f"Row {row.id} does not follow row {before.id}: that was rewritten, or rows were reordered."
        elif row.happened_at < before.happened_at:
            yield f"Row {row.id} is out of order: it is earlier than row {before.id}."
