"""What the simulated cinema exports before a date does not depend on what is drawn for later moments.

A value that is written from a later draw, such as a price that tells whether a trial will be bought, changes the bytes
of an earlier drop as soon as the later draw is another one.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from projects.churn.simulator import world
from projects.churn.simulator.calendar import moment
from projects.churn.simulator.columns import Columns
from projects.churn.simulator.contracts import contract
from projects.churn.simulator.contracts.charges import Charge, charge, paid_after
from projects.churn.simulator.contracts.intent import Course
from projects.churn.simulator.contracts.terms import Terms
from projects.churn.simulator.people.engagement import Moods
from projects.churn.simulator.streams import Streams
from tests.unit.projects.test_simulator import digests, made

USERS, MONTHS = 1500, 3
CHANGED_FROM = date(2026, 9, 10)
#: a click and a purchase are seen this many seconds before them, by the page that leads there.
PAGE_BEFORE_ACT = 60
SINCE = moment(CHANGED_FROM) + PAGE_BEFORE_ACT
OTHER = Streams(99)


def mixed(rows: np.ndarray, first: Columns, second: Columns) -> Any:
    """The rows of `first` where `rows` is true, of `second` elsewhere."""
    values = {}
    for column in fields(first):
        one, two = getattr(first, column.name), getattr(second, column.name)
        values[column.name] = np.where(rows if one.ndim == 1 else rows[:, None], one, two)
    return replace(first, **values)  # type: ignore[type-var]


def seen(course: Course) -> np.ndarray:
    """What of each course has been visible by the date."""
    contacted = (course.campaign >= 0) & (course.contacted < SINCE)
    moments = [np.where(at < SINCE, at, 0) for at in (course.clicked, course.undone, course.bought)]
    return np.stack([*moments, np.where(contacted, course.campaign, -1), contacted & course.control])


def other_course(draw: Callable[..., Course]) -> Callable[..., Course]:
    def run(draws: np.ndarray, campaigns: Any, terms: Terms, intent: Any) -> Course:
        first = draw(draws, campaigns, terms, intent)
        second = draw(OTHER.of("course").random(draws.shape), campaigns, terms, intent)
        return mixed((seen(first) == seen(second)).all(axis=0), second, first)  # type: ignore[no-any-return]

    return run


def other_charge(end: Callable[..., Any]) -> Callable[..., Any]:
    """A charge that was due before the date goes on as it began: only retries to come may end otherwise."""

    def run(terms: Terms, course: Course, risk: Any, charged: Charge, world: Any) -> Any:
        draws = OTHER.of("charge").random((len(terms), contract.CHARGE_DRAWS))
        second = charge(draws, risk)
        results = [np.where(terms.end + paid_after(one.step) < SINCE, one.step, -1) for one in (charged, second)]
        begun_alike = (results[0] == results[1]) & (charged.by_card == second.by_card)
        return end(terms, course, risk, mixed((terms.end >= SINCE) | begun_alike, second, charged), world)

    return run


def other_returns(returns: Callable[..., Terms]) -> Callable[..., Terms]:
    def run(cinema: Any, terms: Terms, ended: np.ndarray, turn: int, count: int) -> Terms:
        first = returns(cinema, terms, ended, turn, count)
        second = returns(replace(cinema, streams=OTHER), terms, ended, turn, count)
        first = first.take(first.start < SINCE)
        later = (second.start >= SINCE) & ~np.isin(second.user, first.user)
        back = Terms.concat([first, second.take(later)])
        return replace(back, subscription=count + np.arange(len(back)))

    return run


def other_moods(make: Callable[..., Moods]) -> Callable[..., Moods]:
    def run(streams: Streams, window: Any, people: Any) -> Moods:
        first, second = make(streams, window, people), make(OTHER, window, people)
        weeks = np.arange(window.weeks) > window.week(np.array([SINCE]))
        names = ("engagement", "recent", "discontent")
        return replace(first, **{name: np.where(weeks, getattr(second, name), getattr(first, name)) for name in names})

    return run


def test_what_is_drawn_for_later_changes_no_byte_of_an_earlier_drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    raw = made(tmp_path / "first", USERS, MONTHS)[0]
    monkeypatch.setattr(contract, "run", other_course(contract.run))
    monkeypatch.setattr(contract, "_end", other_charge(contract._end))
    monkeypatch.setattr(contract, "returning_subscriptions", other_returns(contract.returning_subscriptions))
    monkeypatch.setattr(world, "make_moods", other_moods(world.make_moods))
    changed = made(tmp_path / "changed", USERS, MONTHS)[0]
    first, second = digests(raw), digests(changed)
    assert first.keys() == second.keys()
    earlier = [name for name in first if name[:10] <= str(CHANGED_FROM)]
    assert [name for name in earlier if first[name] != second[name]] == []
    assert {Path(name).name for name in first.keys() - set(earlier) if first[name] != second[name]} == {
        Path(name).name for name in first if not name.endswith(("catalogue.jsonl", "profiles.csv.gz", "links.csv.gz"))
    }
