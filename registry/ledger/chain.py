"""Rows of the ledger as a chain of hashes, which reveals a changed, removed or moved row."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

#: `previous_hash` of the first row.
GENESIS = "0" * 64
#: only a few rows are written a day, so a larger gap between two numbers is not made of removed rows.
LARGEST_GAP = 1_000_000


@dataclass(frozen=True)
class Row:
    """A row of `ops.promotions`.

    Attributes:
        id: 1, 2, 3 and so on, without gaps.
        happened_at: the database's clock.
        who: name of a person, account of a program, or `watch`.
        model: registered name.
        act: kind of the row (docs/promotion.md).
        version: version that the row is about; of a `repair`, the version in production, None if there is none.
        replaced: version that had the alias `production` before; None if there was none.
        decision: data to explain the act, or to complete it.
        reason: a sentence.
        previous_hash: `row_hash` of the row before.
        row_hash: SHA-256 of all fields above.
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
        """The row with its hash."""
        return replace(self, row_hash=digest(self))

    @property
    def head(self) -> str:
        """Id and hash, the form that MLflow stores."""
        return f"{self.id}:{self.row_hash}"


def digest(row: Row) -> str:
    """SHA-256, in hexadecimal digits, of the row's canonical JSON without `row_hash`."""
    content = {**vars(row), "happened_at": row.happened_at.astimezone(UTC).isoformat(timespec="microseconds")}
    del content["row_hash"]
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def canonical(content: Mapping[str, Any]) -> str:
    """Canonical JSON: keys in order, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """Value for jsonb: non-finite numbers and types that JSON does not have become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(element) for key, element in value.items()}
    if isinstance(value, list | tuple):
        return [plain(element) for element in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value).replace("\0", " ")


def is_whole(row: Row) -> bool:
    """Whether the row's hash matches its content; content that JSON does not have was never written."""
    try:
        return digest(row) == row.row_hash
    except ValueError:
        return False


def wrong_number(before: Row | None, row: Row) -> str | None:
    """A sentence on a row whose number is impossible after the row before it; None if it is possible.

    Args:
        before: the row with the next lower number; None if there is none.
        row: the row to check.
    """
    last = before.id if before else 0
    follows = row.previous_hash == (before.row_hash if before else GENESIS)
    if row.id >= 1 and (row.id == last + 1 or not (follows or row.id > last + LARGEST_GAP)):
        return None
    return f"Row {row.id} is impossible: it comes after row {last}, but its number is not {max(last, 0) + 1}."
