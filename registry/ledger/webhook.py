"""Send decisions to another program: a POST for each row of the ledger, at least once, in the ledger's order.

A decision never depends on its delivery: a failed delivery is repeated with the next decision.
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

#: attempts, timeout of each, and pause between them in seconds.
TRIES, SECONDS, PAUSE = 3, 5.0, 0.5
#: header with the HMAC-SHA256 of the body under PRICHAL_DECISIONS_KEY.
SIGNATURE = "X-Prichal-Signature"

#: rows since the first delivery that were not delivered, even if no call named them.
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
    """The receiver did not accept a decision."""


def post_decisions(
    database_url: str, settings: Settings, run_addresses: Mapping[int, str], say: Callable[[str], None]
) -> None:
    """Post new decisions after earlier ones that were not delivered; do nothing if no address is set.

    A missing receiver or PostgreSQL raises no error: the decision is valid, and one line reports the failure.

    Args:
        database_url: where the ledger is.
        settings: `decisions_url`, and `decisions_key` to sign with.
        run_addresses: id of the ledger's row -> address of its run, for the new rows.
        say: receives the line about a failed delivery.
    """
    if settings.decisions_url is None or not run_addresses:
        return
    try:
        with connect(database_url, role=MOVER) as connection:
            connection.cursor().executemany(
                "insert into ops.deliveries (id, run) values (%s, %s) on conflict do nothing",
                list(run_addresses.items()),
            )
        _deliver(database_url, settings)
    except (PrichalError, psycopg.Error) as error:
        why = str(error) if isinstance(error, PrichalError) else f"PostgreSQL: {type(error).__name__}"
        say(f"webhook · a decision is valid but was not delivered ({why.rstrip('.')}); it is sent with the next one")


def message(row: Mapping[str, Any], run: str | None) -> bytes:
    """The body of one post.

    Args:
        row: of the ledger, by column.
        run: address of the run that decided; None if it is not known.
    """
    content = {
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
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()


def signature(body: bytes, key: str) -> str:
    """`sha256=` and the HMAC of the body, in hexadecimal digits."""
    return f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}"


def _deliver(database_url: str, settings: Settings) -> None:
    """Deliver under a lock, so that two promotions at once do not deliver the same row."""
    with connect(database_url, role=MOVER) as lock:
        lock.execute("select pg_advisory_xact_lock(hashtext('prichal.webhook'))")
        for number, row, run in lock.execute(PENDING).fetchall():
            _post(settings, number, message(row, run or None))
            with connect(database_url, role=MOVER) as connection:  # committed before the next delivery
                connection.execute(DELIVERED, [number, run or ""])


def _post(settings: Settings, number: int, body: bytes) -> None:
    assert settings.decisions_url is not None  # noqa: S101  # the caller checked it
    headers = {"Content-Type": "application/json"}
    if settings.decisions_key is not None:
        headers[SIGNATURE] = signature(body, settings.decisions_key.get_secret_value())
    for attempt in range(TRIES):
        time.sleep(attempt * PAUSE)
        why = _refusal(settings.decisions_url.get_secret_value(), body, headers)
        if why is None:
            return
    name = VARIABLES["decisions_url"]
    raise NotDeliveredError(f"{name} did not accept decision {number} in {TRIES} attempts; the last error: {why}.")


def _refusal(url: str, body: bytes, headers: Mapping[str, str]) -> str | None:
    """Why the receiver did not accept it, without the address, which may contain a secret; None if it did."""
    try:
        # No redirects: the body is signed for this address only.
        reply = requests.post(url, data=body, headers=dict(headers), timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        return type(error).__name__
    return None if 200 <= reply.status_code < 300 else f"HTTP status {reply.status_code}"
