"""Sound exports of the cinema, and the means to break them."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from lake import Source
from projects.churn import sources

BATCH = "2026-03-01"
PAYMENT = {
    "payment_id": "p1", "user_id": "u0000001", "subscription_id": "s1", "attempt_no": "1",
    "attempted_at": "2026-02-10T12:00:00+03:00", "status": "succeeded", "amount": "399.0", "currency": "RUB",
    "method": "card", "card_expires_on": "2028-01-31", "decline_code": "", "period_start": "2026-02-10T12:00:00+03:00",
    "period_end": "2026-03-10T12:00:00+03:00", "reported_at": "2026-02-10T12:05:00+03:00",
}  # fmt: skip
PROFILE = {
    "user_id": "u0000001", "changed_at": "2026-02-01T10:00:00+03:00", "registered_at": "2026-02-01T10:00:00+03:00",
    "birth_year": "1990", "gender": "f", "region": "Tver", "household_size": "2", "has_kids_profile": "0",
    "email": "a@example.com", "phone": "", "accepts_email": "1", "accepts_push": "0",
    "accepts_sms": "0", "reported_at": "2026-02-01T10:01:00+03:00",
}  # fmt: skip
LINK = {
    "kind": "ym_client", "anonymous_id": "18446744073709551615", "user_id": "u0000001",
    "linked_at": "2026-02-05T09:00:00+03:00", "reported_at": "2026-02-05T09:00:10+03:00",
}  # fmt: skip
HIT = {
    "ym:pv:watchID": "17446744073709551615", "ym:pv:clientID": "18446744073709551615",
    "ym:pv:dateTime": "2026-02-06 20:00:00", "ym:pv:URL": "https://kino.example/tariffs",
    "ym:pv:deviceCategory": "1", "ym:pv:isPageView": "1",
}  # fmt: skip
TITLE = {
    "_id": {"$oid": "0123456789abcdef01234567"}, "kind": "series", "title": "The Pier", "genres": ["drama"],
    "kids": False, "announced": {"$date": "2025-12-01T00:00:00Z"}, "released": {"$date": "2026-02-01T00:00:00Z"},
    "finale": None, "episodes": 8, "minutes": 52,
}  # fmt: skip
PLAY = {
    "event_id": 2**64 - 1, "event_time": 1_770_400_000, "received_time": 1_770_400_060, "user_id": b"u0000001",
    "profile_no": 0, "device_id": b"d1", "device_type": b"tv", "event": b"play_finished",
    "title_id": b"0123456789abcdef01234567", "season": 1, "episode": 2, "watched_s": 2400, "duration_s": 3120,
}  # fmt: skip
PLAY_TYPES = {
    "event_id": pa.uint64(), "event_time": pa.uint32(), "received_time": pa.uint32(), "user_id": pa.binary(),
    "profile_no": pa.uint8(), "device_id": pa.binary(), "device_type": pa.binary(), "event": pa.binary(),
    "title_id": pa.binary(), "season": pa.uint16(), "episode": pa.uint16(), "watched_s": pa.int64(),
    "duration_s": pa.uint32(),
}  # fmt: skip

#: source -> its file in a batch, and a sound row.
FILES: dict[str, tuple[Source, str, Mapping[str, Any]]] = {
    "payments": (sources.PAYMENTS, "payments.csv", PAYMENT),
    "profiles": (sources.PROFILES, "profiles.csv", PROFILE),
    "identity_links": (sources.IDENTITY_LINKS, "identity_links.csv", LINK),
    "hits": (sources.HITS, "metrica_hits.tsv", HIT),
    "catalogue": (sources.CATALOGUE, "catalogue.jsonl", TITLE),
    "viewing": (sources.VIEWING, "player.parquet", PLAY),
}


def separator(source: str) -> str:
    return "\t" if FILES[source][1].endswith(".tsv") else ","


def header(source: str) -> str:
    return separator(source).join(FILES[source][2])


def row(source: str, **changes: str) -> str:
    """A sound row of a text export with some fields replaced, `_` for `:` in their names."""
    sound = FILES[source][2]
    given = {name: changes.pop(name.replace(":", "_"), value) for name, value in sound.items()}
    assert not changes, f"{source} has no column {changes}"
    return separator(source).join(map(str, given.values()))


def title(**changes: Any) -> str:
    return json.dumps({**TITLE, **changes})


def text(*lines: str, end: str = "\n") -> bytes:
    return "".join(line + end for line in lines).encode()


def put(raw: Path, source: str, content: bytes, batch: str = BATCH, packed: bool = False) -> Path:
    """Write the source's file of a batch, packed if asked."""
    name = FILES[source][1] + (".gz" if packed else "")
    path = raw / batch / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    return path


def put_plays(raw: Path, *plays: Mapping[str, Any], batch: str = BATCH, **types: Any) -> Path:
    """Write the player's log of a batch; a type of None leaves the column out."""
    kinds = {name: kind for name, kind in {**PLAY_TYPES, **types}.items() if kind is not None}
    rows = [{**PLAY, **play} for play in plays]
    path = raw / batch / FILES["viewing"][1]
    path.parent.mkdir(parents=True, exist_ok=True)
    table = {name: pa.array([row_values[name] for row_values in rows], kind) for name, kind in kinds.items()}
    parquet.write_table(pa.table(table), path)
    return path
