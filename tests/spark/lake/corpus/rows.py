"""Rows and files that are taken: what of them is kept, what counts as a duplicate, what is put aside and why."""

from dataclasses import dataclass
from pathlib import Path

from tests.spark.lake.corpus.exports import header, put, put_plays, row, text, title

KEPT, DUPLICATE, NO_ROW = "kept", "duplicate", "no row"


@dataclass(frozen=True)
class Line:
    """One line of a source's first batch; `becomes` is kept, duplicate, no row, or the reason it is put aside for."""

    what: str
    becomes: str
    content: bytes


def _payment(what: str, becomes: str, **changes: str) -> Line:
    number = f"p-{what}"
    return Line(what, becomes, row("payments", **{"payment_id": number, **changes}).encode())


PAYMENTS = (
    _payment("a valid row", KEPT),
    Line("the same row twice", DUPLICATE, row("payments", payment_id="p-a valid row").encode()),
    Line("an empty line", NO_ROW, b""),
    Line("the header in the middle", "the header again", header("payments").encode()),
    Line("a field too few", "13 fields instead of the 14", row("payments").rpartition(",")[0].encode()),
    Line("a field too many", "15 fields instead of the 14", (row("payments") + ",x").encode()),
    Line("an unclosed quote", "quotes do not balance", row("payments", user_id='"u1').encode()),
    Line("broken UTF-8", "not UTF-8", row("payments", decline_code="x").encode().replace(b",x,", b",\xff\xfe,")),
    _payment("a carriage return at the end", KEPT, reported_at="2026-02-10T12:05:00+03:00\r"),
    _payment("quotes where none are needed", KEPT, currency='"RUB"'),
    _payment("a date in 1970", "attempted_at: before 2020-01-01: 1970", attempted_at="1970-01-01T00:00:00+03:00"),
    _payment(
        "a date in 2106",
        "attempted_at: after its batch was made: 2106",
        attempted_at="2106-02-07T06:28:15+03:00",
        reported_at="2106-02-07T06:28:15+03:00",
    ),
    _payment("a date in the year 0", "attempted_at: ", attempted_at="0000-01-01T00:00:00+03:00"),
    _payment(
        "a day that does not exist",
        "attempted_at: not a timestamp: 2026-02-30",
        attempted_at="2026-02-30T00:00:00+03:00",
    ),
    _payment("a date instead of a timestamp", "attempted_at: not a timestamp: 2026-02-10", attempted_at="2026-02-10"),
    _payment(
        "an event after its known time", "attempted_at: after it was known", attempted_at="2026-02-20T12:00:00+03:00"
    ),
    _payment(
        "a known time after the batch", "reported_at: after its batch was made", reported_at="2026-04-01T12:00:00+03:00"
    ),
    _payment("a negative amount", "amount: below 0: -399", amount="-399"),
    _payment("an amount that is not a number", "amount: not finite: NaN", amount="NaN"),
    _payment("an amount with its currency", "amount: not a double: 399 RUB", amount="399 RUB"),
    _payment("a decimal comma", "amount: not a double: 399,00", amount='"399,00"'),
    _payment("another currency", "currency: not one of RUB: USD", currency="USD"),
    _payment("a number over 2^63", "attempt_no: not a bigint: 9223372036854775808", attempt_no="9223372036854775808"),
    _payment("a payment without a user", "user_id: empty", user_id=""),
    _payment("an event before sign-up", KEPT, attempted_at="2026-01-20T12:00:00+03:00"),
    _payment(
        "two payments with one id", "contradicts another row of its batch with the same payment_id", payment_id="p-2"
    ),
    _payment(
        "the second payment with that id",
        "contradicts another row of its batch with the same payment_id",
        payment_id="p-2",
        amount="1",
    ),
)

HITS = (
    Line("an id over 2^63 in a text column", KEPT, row("hits").encode()),
    Line(
        "a tab in a value, escaped",
        KEPT,
        row("hits", ym_pv_watchID="2", ym_pv_URL="https://kino.example/search?q=a\\tb").encode(),
    ),
    Line(
        "a tab in a value, not escaped",
        "7 fields instead of the 6",
        row("hits", ym_pv_watchID="3", ym_pv_URL="https://kino.example/search?q=a\tb").encode(),
    ),
    Line(
        "a quote in a value",
        KEPT,
        row("hits", ym_pv_watchID="4", ym_pv_URL='https://kino.example/search?q="x').encode(),
    ),
)

CATALOGUE = (
    Line("a valid title", KEPT, title().encode()),
    Line("invalid JSON", "not a JSON object", b"The Pier, series"),
    Line("truncated JSON", "not a JSON object", title(_id={"$oid": "2" * 24}).encode()[:60]),
    Line("an array instead of an object", "not a JSON object", b"[" + title(_id={"$oid": "3" * 24}).encode() + b"]"),
    Line("an object without its id", "title_id: empty", title(_id={}).encode()),
    Line(
        "a word instead of a number",
        "minutes: not a bigint: many",
        title(_id={"$oid": "4" * 24}, minutes="many").encode(),
    ),
    Line(
        "a date as a number",
        "released: not a timestamp: 17699",
        title(_id={"$oid": "5" * 24}, released={"$date": 1769904000000}).encode(),
    ),
    Line("another alphabet", KEPT, title(_id={"$oid": "6" * 24}, title="Причал").encode()),
)

PROFILES = (
    Line("a valid profile", KEPT, row("profiles", user_id="u0000009").encode()),
    Line(
        "two profiles with one id",
        "contradicts another row of its batch with the same user_id, changed_at",
        row("profiles").encode(),
    ),
    Line(
        "the second profile with that id",
        "contradicts another row of its batch with the same user_id, changed_at",
        row("profiles", region="Omsk").encode(),
    ),
    Line(
        "a birth year of 1800",
        "birth_year: below 1900: 1800",
        row("profiles", user_id="u0000008", birth_year="1800").encode(),
    ),
)

LINKS = (
    Line("a valid link", KEPT, row("identity_links", anonymous_id="7").encode()),
    Line("an identity link", "contradicts another row of its batch", row("identity_links").encode()),
    Line(
        "an identity link that contradicts another",
        "contradicts another row of its batch",
        row("identity_links", user_id="u0000002").encode(),
    ),
    Line(
        "another person on the same browser, later",
        KEPT,
        row(
            "identity_links",
            user_id="u0000002",
            linked_at="2026-02-06T09:00:00+03:00",
            reported_at="2026-02-06T09:00:00+03:00",
        ).encode(),
    ),
    Line("an unknown kind", "kind: not one of", row("identity_links", kind="cookie", anonymous_id="8").encode()),
)

PLAYS = (
    ("a valid event", KEPT, {}),
    ("seconds 0, 1970", "happened_at: before 2020-01-01: 0", {"event_id": 1, "event_time": 0}),
    (
        "seconds 2^32 - 1, 2106",
        "happened_at: after its batch was made: 4294967295",
        {"event_id": 2, "event_time": 2**32 - 1, "received_time": 2**32 - 1},
    ),
    ("bytes that are not UTF-8", "not UTF-8", {"event_id": 3, "device_id": b"\xff\xfe"}),
    ("a negative number of seconds", "watched_s: below 0: -5", {"event_id": 4, "watched_s": -5}),
    (
        "an unknown event",
        "event: not one of play_finished, play_failed: seek",
        {"event_id": 5, "event": b"seek"},
    ),
    ("an event without a user", "user_id: empty", {"event_id": 6, "user_id": None}),
)

#: source -> lines of its one file.
TEXTS = {"payments": PAYMENTS, "hits": HITS, "catalogue": CATALOGUE, "profiles": PROFILES, "identity_links": LINKS}


def write(raw: Path) -> None:
    """Every line above, a file per source in one batch."""
    for source, lines in TEXTS.items():
        head = [] if source == "catalogue" else [header(source).encode()]
        put(raw, source, b"".join(content + b"\n" for content in [*head, *(line.content for line in lines)]))
    put_plays(raw, *(changes for _, _, changes in PLAYS))


def turned() -> bytes:
    """The payments' columns the other way round, with one more."""
    lines = [header("payments") + ",colour", row("payments", payment_id="t1") + ",red"]
    return text(*[",".join(reversed(line.split(","))) for line in lines])
