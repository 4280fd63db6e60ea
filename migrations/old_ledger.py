"""Chains the rows of a ledger that was made before rows had hashes. A frozen copy of that release's hash."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import psycopg

#: The first row follows this hash.
GENESIS = "0" * 64
COLUMNS = ("happened_at", "who", "model_name", "act", "version", "replaced_version", "decision", "reason")
#: Names of the columns inside the hashed JSON, where they differ.
HASHED_NAMES = {"model_name": "model", "replaced_version": "replaced"}

BEFORE = """
alter table ops.promotions disable trigger user;
alter table ops.promotions
  alter column id drop identity if exists,
  alter column happened_at drop default,
  alter column version drop not null,
  drop constraint if exists promotions_act_check,
  add constraint promotions_act_check check (act in (
    'promote', 'refuse', 'rollback', 'repair', 'review', 'approve', 'reject', 'void', 'intent')),
  add column previous_hash text,
  add column row_hash text unique;
update ops.promotions set id = -id;
"""
AFTER = """
alter table ops.promotions alter column previous_hash set not null, alter column row_hash set not null;
alter table ops.promotions enable trigger user;
"""


def has_hashes(connection: psycopg.Connection) -> bool:
    """Whether the ledger's rows carry hashes."""
    column = connection.execute(
        "select 1 from pg_attribute where attrelid = 'ops.promotions'::regclass and attname = 'row_hash'"
    )
    return column.fetchone() is not None


def chain_rows(connection: psycopg.Connection) -> None:
    """Number the rows in the order they happened, without gaps, and give each the hash of itself and the one before."""
    connection.execute(BEFORE)
    previous_hash = GENESIS
    query = f"select id, {', '.join(COLUMNS)} from ops.promotions order by happened_at, id desc"
    for number, (old_id, *values) in enumerate(connection.execute(query).fetchall(), start=1):
        row_hash = _hash(number, dict(zip(COLUMNS, values, strict=True)), previous_hash)
        connection.execute(
            "update ops.promotions set id = %s, previous_hash = %s, row_hash = %s where id = %s",
            [number, previous_hash, row_hash, old_id],
        )
        previous_hash = row_hash
    connection.execute(AFTER)


def _hash(number: int, row: dict[str, Any], previous_hash: str) -> str:
    happened_at: datetime = row["happened_at"]
    content = {HASHED_NAMES.get(name, name): value for name, value in row.items()}
    content |= {"id": number, "previous_hash": previous_hash}
    content["happened_at"] = happened_at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
