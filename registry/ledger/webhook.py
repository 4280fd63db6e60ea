"""Decisions told to another program: a POST for each row of the ledger, at least once, in the ledger's order.

Telling comes after deciding and never stands in its way: what cannot be delivered now is delivered with the next one.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import requests

from registry.ledger.ledger import MOVER
from stack.errors import PrichalError
from stack.postgres import connect
from stack.settings import VARIABLES, Settings

#: a decision is not worth waiting for longer.
TRIES, SECONDS, PAUSE = 3, 5.0, 0.5
#: holds the HMAC-SHA256 of the body under PRICHAL_DECISIONS_KEY.
SIGNATURE = "X-Prichal-Signature"

#: what was decided since telling began and was not delivered; rows of the ledger that no call named are found too.
PENDING = """
select p.id, to_jsonb(p) as decided, d.run
from ops.promotions p left join ops.deliveries d using (id)
where d.delivered_at is null and p.id >= (select min(id) from ops.deliveries)
order by p.id
"""

DELIVERED = """
insert into ops.deliveries (id, run, delivered_at) values (%s, %s, clock_timestamp())
on conflict (id) do update set delivered_at = excluded.delivered_at
"""


class NotDeliveredError(PrichalError):
    """The receiver did not take a decision."""


def tell(database_url: str, settings: Settings, decided: Mapping[int, str], say: Callable[[str], None]) -> None:
    """Post what was decided, and before it what could not be delivered earlier; nothing where no address is set.

    Never raises for want of a receiver or of PostgreSQL: the decision stands, and one line says what was not told.

    Args:
        database_url: where the ledger is; its rows are committed.
        settings: `decisions_url`, and `decisions_key` to sign with.
        decided: id of the ledger's row -> address of the run that decided, for the rows of this run.
        say: told what could not be delivered.
    """
    if settings.decisions_url is None or not decided:
        return
    try:
        with connect(database_url, role=MOVER) as connection:
            connection.cursor().executemany(
                "insert into ops.deliveries (id, run) values (%s, %s) on conflict do nothing", list(decided.items())
            )
        _deliver(database_url, settings)
    except (PrichalError, psycopg.Error) as error:
        why = str(error) if isinstance(error, PrichalError) else f"PostgreSQL: {type(error).__name__}"
        say(f"webhook · the decision stands and was not told ({why.rstrip('.')}): the next decision tells it again")


def message(row: Mapping[str, Any], run: str | None) -> bytes:
    """The body of one post.

    Args:
        row: of the ledger, by column.
        run: address of the run that decided; None where it is not known any more.
    """
    told = {
        "id": row["id"],
        "hash": row.get("row_hash"),
        "model": row["model_name"],
        "act": row["act"],
        "version": row["version"],
        "replaced": row["replaced_version"],
        "who": row["who"],
        "reason": row["reason"],
        "happened_at": row["happened_at"],
        "run": run,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


def signature(body: bytes, key: str) -> str:
    """`sha256=` and the HMAC of the body, in hexadecimal digits."""
    return f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}"


def _deliver(database_url: str, settings: Settings) -> None:
    """One at a time on this database: two promotions at once do not tell the same."""
    with connect(database_url, role=MOVER) as lock:
        lock.execute("select pg_advisory_xact_lock(hashtext('prichal.webhook'))")
        for number, row, run in lock.execute(PENDING).fetchall():
            _post(settings, number, message(row, run or None))
            with connect(database_url, role=MOVER) as connection:  # kept, whatever becomes of the next
                connection.execute(DELIVERED, [number, run or ""])


def _post(settings: Settings, number: int, body: bytes) -> None:
    assert settings.decisions_url is not None  # noqa: S101  # seen by the caller
    headers = {"Content-Type": "application/json"}
    if settings.decisions_key is not None:
        headers[SIGNATURE] = signature(body, settings.decisions_key.get_secret_value())
    for attempt in range(TRIES):
        time.sleep(attempt * PAUSE)
        why = _refusal(settings.decisions_url.get_secret_value(), body, headers)
        if why is None:
            return
    name = VARIABLES["decisions_url"]
    raise NotDeliveredError(f"{name} did not take decision {number} in {TRIES} tries, at last: {why}.")


def _refusal(url: str, body: bytes, headers: Mapping[str, str]) -> str | None:
    """Why it was not taken, without the address, which may hold a secret; None if it was."""
    try:
        # Not to another address: this one was chosen, and the body is signed for it.
        reply = requests.post(url, data=body, headers=dict(headers), timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        return type(error).__name__
    return None if 200 <= reply.status_code < 300 else f"HTTP status {reply.status_code}"
