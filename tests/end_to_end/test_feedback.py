"""What the platform reports: stored once, closes channels at once, and is reconciled with plan and outbox."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from actions.declare.plan import ReactionHistory
from actions.delivery import sending
from actions.delivery.outbox import REASONS
from actions.delivery.reactions import ReactionReader
from actions.delivery.reconciliation import Reconciliation, reconcile_contacts
from features import DuckEngine
from lake import Column, Source, Table, ingest
from lake.declarations import DeclarationError
from tests.end_to_end.altcraft_server import AltcraftServer, altcraft_server
from tests.end_to_end.conftest import Clone
from tests.end_to_end.handover import DAY, EMAIL, PUSH, PUSH_TWICE, ZONE, Shop, day_after, platform
from tests.unit.builders import is_one_sentence

MESSAGES = Source(
    name="messages",
    files="*/history.jsonl",
    format="jsonl",
    entity="user_id",
    event_time="happened_at",
    key=("event_id",),
    columns=(
        Column("event_id", "string", "the event"),
        Column("user_id", "string", "the person", raw=("fields.user_id",)),
        Column("action", "string", "what happened"),
        Column("happened_at", "timestamp", "when", raw=("datetime",)),
        Column("channel", "string", "by what", raw=("subscription.channel",)),
        Column("campaign_id", "string", "the campaign", nullable=True, raw=("fields.prichal_campaign",)),
    ),
)


@pytest.fixture
def shop(clone: Clone) -> Shop:
    return Shop(clone.url)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AltcraftServer]:
    monkeypatch.setattr(sending, "PAUSE_SECONDS", 0.0)
    with altcraft_server() as started:
        yield started


class Platform:
    """The platform's history export, its way into a lake of the test, and the reader of its reactions."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self.shop, self.folder, self.events, self.reads = shop, folder, 0, 0
        self.table = Table(folder / "lake", shop.name, MESSAGES.name)

    def report(self, day: date, *rows: tuple[str, str, str, str | None], at: date | None = None) -> None:
        """Rows of user, action, channel and campaign, in the drop that was received before the day."""
        lines = []
        for user, action, channel, campaign in rows:
            self.events += 1
            lines.append(
                {
                    "event_id": f"e{self.events}", "action": action, "datetime": f"{at or DAY}T10:00:00.004Z",
                    "subscription": {"channel": channel}, "fields": {"user_id": user, "prichal_campaign": campaign},
                }
            )  # fmt: skip
        path = self.folder / "raw" / day.isoformat() / "history.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        ingest(lambda: DuckEngine(ZONE), MESSAGES, self.folder / "raw", self.table, time_zone=ZONE)

    def reader(self, **changes: Any) -> ReactionReader:
        values = {"source": "messages", **changes}
        return ReactionReader(
            self.shop.url,
            self.shop.name,
            (MESSAGES,),
            {"messages": self.table},
            ReactionHistory(**values),
            self._engine,
        )

    def _engine(self) -> DuckEngine:
        self.reads += 1
        return DuckEngine(ZONE)


@pytest.fixture
def reports(shop: Shop, tmp_path: Path) -> Platform:
    return Platform(shop, tmp_path)


def reconcile(shop: Shop, days: int = 0) -> Reconciliation:
    return reconcile_contacts(shop.url, shop.name, shop.mart, ZONE, day_after(days))


def differences(shop: Shop, days: int = 0) -> dict[str, tuple[int, int]]:
    rows = reconcile(shop, days).differences
    kinds = {row.kind for row in rows}
    return {
        kind: (
            sum(row.contacts for row in rows if row.kind == kind),
            sum(row.people for row in rows if row.kind == kind),
        )
        for kind in kinds
    }


def test_a_reaction_is_stored_once_and_only_changed_months_are_read(shop: Shop, reports: Platform) -> None:
    reports.report(DAY, ("u1", "send", "push", "101"), ("u1", "open", "push", "101"), at=date(2026, 1, 5))
    first, second = reports.reader().update(), reports.reader().update()
    assert (first.rows, second.rows, reports.reads) == (2, 0, 1)
    reports.report(day_after(1), ("u1", "click", "push", "101"), ("u2", "send", "push", None))
    assert reports.reader().update().rows == 2
    query = (
        "select entity, campaign, reaction, happened_at at time zone 'UTC' from ops.reactions where project = %s "
        "order by event_id"
    )
    stored = [(entity, campaign, reaction, str(at)) for entity, campaign, reaction, at in shop.rows(query)]
    assert stored == [
        ("u1", "101", "delivered", "2026-01-05 10:00:00.004000"),
        ("u1", "101", "opened", "2026-01-05 10:00:00.004000"),
        ("u1", "101", "clicked", "2026-03-02 10:00:00.004000"),
        ("u2", None, "delivered", "2026-03-02 10:00:00.004000"),
    ]


def test_a_reaction_that_the_plan_does_not_name_is_counted(shop: Shop, reports: Platform) -> None:
    reports.report(DAY, ("u1", "send", "push", "1"), ("u1", "forward", "push", "1"))
    first = reports.reader().update()
    assert (first.rows, first.unusable) == (1, 1)
    assert "1 rows have no reaction that the plan names" in first.sentence()
    second = reports.reader(meanings={"send": "delivered", "forward": "clicked"}).update()
    assert (second.rows, second.unusable) == (1, 0), "another meaning reads the months again"


def test_a_source_without_a_key_is_one_sentence(shop: Shop, reports: Platform) -> None:
    for reader in (
        reports.reader(source="mail"),
        replace(reports.reader(), sources=(replace(MESSAGES, key=None),)),
    ):
        with pytest.raises(DeclarationError, match="is not declared or has no key") as caught:
            reader.update()
        assert is_one_sentence(caught.value)


def test_an_unsubscribe_closes_the_channel_before_the_next_hand_over(
    shop: Shop, reports: Platform, server: AltcraftServer
) -> None:
    people = shop.plan_contacts(20, PUSH_TWICE)
    shop.plan_contacts(5, EMAIL, first=1000)
    shop.deliver(platform(server.url))
    reports.report(DAY, *((user, "unsubscribe", "push", shop.campaign()) for user in people[:4]))
    assert reports.reader().update().closed == 4
    assert reports.reader().update().closed == 0
    assert shop.deliver(platform(server.url), day_after(2)).sent.withheld == {REASONS["closed"]: 4}
    assert shop.deliver(platform(server.url), day_after(3)).sent.accepted == 5, "e-mail stays open"


def test_contacts_of_other_campaigns_count_for_the_frequency_cap(
    shop: Shop, reports: Platform, server: AltcraftServer
) -> None:
    people = shop.plan_contacts(20)
    reports.report(
        DAY,
        *((user, "send", "push", "digest") for user in people[:3]),
        *((user, "send", "push", "sale") for user in people[:2]),
        *((user, "send", "email", "sale") for user in people),
        at=date(2026, 2, 25),
    )
    reports.reader().update()
    assert shop.deliver(platform(server.url)).sent.withheld == {REASONS["cap"]: 2}, "push: 2 in 10 days"


def test_the_sums_close_and_every_difference_is_listed(shop: Shop, reports: Platform, server: AltcraftServer) -> None:
    people = shop.plan_contacts(100, PUSH_TWICE)
    shop.plan_contacts(10, PUSH, day=day_after(1), first=5000)
    server.refused = set(people[:5])
    accepting = set(people[:90])
    shop.deliver(platform(server.url), accepts=lambda _: accepting)
    campaign = shop.campaign()
    reports.report(
        day_after(1),
        *((user, "send", "push", campaign) for user in people[5:80]),
        (people[95], "send", "push", campaign),
        ("stranger", "send", "push", campaign),
        *((user, "send", "email", "digest") for user in people[:30]),
        ("u9", "send", "push", None),
    )
    reports.reader().update()
    assert differences(shop) == {"unexpected contact": (2, 2), "unexpected campaign": (31, 31)}
    assert differences(shop, 3) == {
        "not queued": (10, 10), "not reported": (10, 10), "unexpected contact": (2, 2), "unexpected campaign": (31, 31),
    }  # fmt: skip
    result = reconcile(shop)
    assert result.is_balanced
    (totals,) = result.totals
    assert (totals.planned, totals.withheld, totals.pending, totals.sent) == (200, 10, 100, 90)
    assert (totals.accepted, totals.refused, totals.unknown) == (85, 5, 0)
    sentences = list(result.sentences())
    assert sentences[:2] == [
        "200 planned = 10 withheld + 90 sent + 100 pending", "90 sent = 85 accepted + 5 refused + 0 unknown",
    ]  # fmt: skip
    assert "stranger" not in "".join(sentences)
    assert set(result.tables()) == {"totals", "differences"}


def test_contacts_without_an_answer_are_listed(shop: Shop, server: AltcraftServer) -> None:
    shop.plan_contacts(30)
    server.misbehaviours = ["500"] * 100
    shop.deliver(platform(server.url))
    assert differences(shop) == {"unknown": (30, 30)}
    shop.deliver(platform(server.url))
    assert differences(shop) == {"given up": (30, 30)}
    assert reconcile(shop).is_balanced


def test_a_project_without_contacts_balances(shop: Shop) -> None:
    result = reconcile(shop)
    assert result.is_balanced
    assert not result.tables()
    assert next(result.sentences()) == "0 planned = 0 withheld + 0 sent + 0 pending"
