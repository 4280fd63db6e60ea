"""Exports before a date do not depend on the random numbers of later moments.

Suppose an export revealed a later event, such as a price that depends on a later purchase. Then other random numbers
for the later event would change the bytes of an earlier batch.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from projects.churn.simulator import mailing, world
from projects.churn.simulator.calendar import moment
from projects.churn.simulator.columns import Columns
from projects.churn.simulator.contracts import contacts, contract
from projects.churn.simulator.contracts.charges import Charge, draw_charges, paid_after
from projects.churn.simulator.contracts.intent import RenewalDecision
from projects.churn.simulator.contracts.periods import Periods
from projects.churn.simulator.mailing import Messages
from projects.churn.simulator.people.engagement import LatentStates
from projects.churn.simulator.streams import Streams
from tests.unit.projects.test_simulator import digests, write_sample

USERS, MONTHS = 1500, 3
CHANGED_FROM = date(2026, 9, 10)
#: a page view precedes a cancel click or a purchase by up to this many seconds.
PAGE_BEFORE_ACT = 60
SINCE = moment(CHANGED_FROM) + PAGE_BEFORE_ACT
OTHER = Streams(99)


def combine_rows(rows: np.ndarray, first: Columns, second: Columns) -> Any:
    """The rows of `first` where the mask `rows` is true, of `second` elsewhere."""
    values = {}
    for column in fields(first):
        left, right = getattr(first, column.name), getattr(second, column.name)
        values[column.name] = np.where(rows if left.ndim == 1 else rows[:, None], left, right)
    return replace(first, **values)  # type: ignore[type-var]


def visible_events(decision: RenewalDecision) -> np.ndarray:
    """The events of each decision that are visible by the date."""
    contacted = (decision.campaign >= 0) & (decision.contacted < SINCE)
    moments = [np.where(at < SINCE, at, 0) for at in (decision.clicked, decision.undone, decision.bought)]
    return np.stack([*moments, np.where(contacted, decision.campaign, -1), np.where(contacted, decision.arm, -1)])


def redraw_decisions(draw: Callable[..., RenewalDecision]) -> Callable[..., RenewalDecision]:
    def run(draws: np.ndarray, campaigns: Any, periods: Periods, intent: Any) -> RenewalDecision:
        first = draw(draws, campaigns, periods, intent)
        second = draw(OTHER.generator("course").random(draws.shape), campaigns, periods, intent)
        return combine_rows((visible_events(first) == visible_events(second)).all(axis=0), second, first)  # type: ignore[no-any-return]

    return run


def visible_reactions(messages: Messages) -> np.ndarray:
    """The events of each message that are visible by the date."""
    events = (messages.sent, messages.opened, messages.clicked, messages.unsubscribed)
    return np.stack([np.where(at < SINCE, at, 0) for at in events])


def redraw_messages(draw: Callable[..., Messages]) -> Callable[..., Messages]:
    """Redraw messages and reactions, but keep those whose events before the date would differ."""

    def run(draws: np.ndarray, *arguments: Any) -> Messages:
        first, second = draw(draws, *arguments), draw(OTHER.generator("mail").random(draws.shape), *arguments)
        return combine_rows((visible_reactions(first) == visible_reactions(second)).all(axis=0), second, first)  # type: ignore[no-any-return]

    return run


def redraw_charges(end: Callable[..., Any]) -> Callable[..., Any]:
    """Redraw charges, but keep the attempts before the date: only later retries may end differently."""

    def run(periods: Periods, decision: RenewalDecision, risk: Any, charged: Charge, world: Any) -> Any:
        draws = OTHER.generator("charge").random((len(periods), contract.CHARGE_DRAWS))
        second = draw_charges(draws, risk)
        results = [
            np.where(periods.end + paid_after(result.step) < SINCE, result.step, -1) for result in (charged, second)
        ]
        begun_alike = (results[0] == results[1]) & (charged.by_card == second.by_card)
        return end(periods, decision, risk, combine_rows((periods.end >= SINCE) | begun_alike, second, charged), world)

    return run


def redraw_returns(returns: Callable[..., Periods]) -> Callable[..., Periods]:
    def run(world: Any, periods: Periods, ended: np.ndarray, turn: int, count: int) -> Periods:
        first = returns(world, periods, ended, turn, count)
        second = returns(replace(world, streams=OTHER), periods, ended, turn, count)
        first = first.select_rows(first.start < SINCE)
        later = (second.start >= SINCE) & ~np.isin(second.user, first.user)
        back = Periods.concat([first, second.select_rows(later)])
        return replace(back, subscription=count + np.arange(len(back)))

    return run


def redraw_latent_states(make: Callable[..., LatentStates]) -> Callable[..., LatentStates]:
    def run(streams: Streams, window: Any, people: Any) -> LatentStates:
        first, second = make(streams, window, people), make(OTHER, window, people)
        weeks = np.arange(window.weeks) > window.week(np.array([SINCE]))
        names = ("engagement", "recent", "discontent")
        return replace(first, **{name: np.where(weeks, getattr(second, name), getattr(first, name)) for name in names})

    return run


def test_later_random_numbers_change_no_byte_of_an_earlier_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    raw = write_sample(tmp_path / "first", USERS, MONTHS)[0]
    monkeypatch.setattr(contract, "draw_decisions", redraw_decisions(contract.draw_decisions))
    monkeypatch.setattr(contacts, "draw_messages", redraw_messages(mailing.draw_messages))
    monkeypatch.setattr(mailing, "draw_messages", redraw_messages(mailing.draw_messages))
    monkeypatch.setattr(contract, "_end_periods", redraw_charges(contract._end_periods))
    monkeypatch.setattr(contract, "returning_subscriptions", redraw_returns(contract.returning_subscriptions))
    monkeypatch.setattr(world, "make_latent_states", redraw_latent_states(world.make_latent_states))
    changed = write_sample(tmp_path / "changed", USERS, MONTHS)[0]
    first, second = digests(raw), digests(changed)
    assert first.keys() == second.keys()
    earlier = [name for name in first if name[:10] <= str(CHANGED_FROM)]
    assert [name for name in earlier if first[name] != second[name]] == []
    assert {Path(name).name for name in first.keys() - set(earlier) if first[name] != second[name]} == {
        Path(name).name for name in first if not name.endswith(("catalogue.jsonl", "links.csv.gz"))
    }
