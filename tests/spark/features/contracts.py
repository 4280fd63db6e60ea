"""Histories of contracts: as rows, random, as Spark views; and what they mean, row by row, in the plainest way."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.unit.builders import contract_sources

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MOSCOW = ZoneInfo("Europe/Moscow")
AS_OF = date(2026, 3, 1)
DAY = timedelta(days=1)


def moment(days: float, seconds: float = 0) -> datetime:
    """So many days and seconds after midnight in Moscow on the date."""
    return midnight(AS_OF) + timedelta(days=days, seconds=seconds)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=MOSCOW)


@dataclass(frozen=True)
class Row:
    """A row of `log`: when it happened, when it became known, and the source's own columns."""

    log: str
    at: datetime
    known_at: datetime
    values: tuple[Any, ...]
    entity: int = 0


def paid(
    start: float, stop: float, at: float | None = None, known_at: float | None = None, status: str = "succeeded"
) -> Row:
    """A charge for the period between two days from the date, tried as the period begins and known at once."""
    tried = moment(start if at is None else at)
    known_moment = tried if known_at is None else moment(known_at)
    return Row("payments", tried, known_moment, (status, moment(start), moment(stop)))


def trial(
    start: float, stop: float, kind: str = "auto", promo: float | None = None, known_at: float | None = None
) -> Row:
    known_moment = moment(start if known_at is None else known_at)
    until = None if promo is None else moment(promo)
    return Row("subscriptions", moment(start), known_moment, ("trial_started", kind, moment(stop), until))


def switched(at: float, renews: int, by: str = "user", known_at: float | None = None) -> Row:
    return Row("switches", moment(at), moment(at if known_at is None else known_at), (renews, by))


def show(spark: "SparkSession", rows: Sequence[Row]) -> None:
    """Make the rows views of their sources, as the lake registers them."""
    for source in contract_sources():
        types = ", ".join(f"{column.name} {column.type}" for column in source.columns)
        source_rows = [(row.entity, row.at, row.known_at, *row.values) for row in rows if row.log == source.name]
        frame = spark.createDataFrame(source_rows, types)
        frame.selectExpr("*", "loaded as _known").createOrReplaceTempView(source.name)


def numbered(histories: Sequence[Sequence[Row]]) -> list[Row]:
    """Each history as the rows of its own entity."""
    return [replace(row, entity=number) for number, rows in enumerate(histories) for row in rows]


def random_history(rng: random.Random) -> list[Row]:
    """Trials, charges with breaks, early and late ones, switches; on whole days and beside them, some known late."""

    def near(day: float) -> float:
        return day + rng.choice([0, 0, 0, -1e-5, 1e-5, 0.3, rng.random()])

    def known_at(at: float) -> float:
        return at + rng.choice([0, 0, 0, 0.01, 1, 3, 20])

    rows: list[Row] = []
    at = near(rng.randint(-120, 10))
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.5:
            length = rng.choice([7, 14, 30, 45])
            promo = rng.choice([None, at + 40])
            rows.append(trial(at, at + length, rng.choice(["auto", "opt_in"]), promo, known_at(at)))
            at += rng.choice([length, length, length - 2, length + 2, length + 2 + 1e-5, length + 5])
        for _ in range(rng.randint(0, 5)):
            status = rng.choice(["succeeded"] * 5 + ["failed"])
            tried = at + rng.choice([0, 0, 0, -3, 1])
            rows.append(paid(at, at + 30, tried, known_at(tried), status))
            at += 30 + rng.choice([0, 0, 0, 1, 2, 2 + 1e-5, 5, 7, -4])
        at += rng.choice([0, 3, 20])
    for _ in range(rng.randint(0, 5)):
        clicked = near(rng.randint(-120, 90))
        rows.append(switched(clicked, rng.choice([0, 0, 1]), rng.choice(["user", "user", "system"]), known_at(clicked)))
    return rows


def state_of(history: Sequence[Row], as_of: date) -> dict[str, Any]:
    """State, flag and measures by what had happened and was known before the date."""
    past = [row for row in history if row.at < midnight(as_of) and row.known_at < midnight(as_of)]
    now, periods = midnight(as_of), _periods(past)
    trials = sorted((r for r in _of(past, "subscriptions") if r.values[0] == "trial_started"), key=lambda r: r.at)
    current = trials[-1] if trials else None
    covered = any(start <= now < stop for start, stop, _ in periods)
    on_trial = current is not None and current.values[2] > now
    paid_since = current is not None and any(at > current.at for _, _, at in periods)
    ended = max((stop for start, stop, _ in periods if start <= now), default=None)
    switch = _last(past, now)
    state = None
    if covered:
        state = "paid"
    elif on_trial:
        state = None if paid_since else "trial"
    elif ended is not None and now < ended + 7 * DAY and switch is not None and switch.values[0] == 1:
        state = "grace"
    elif ended is not None or current is not None:
        state = "lapsed"
    if state == "trial" and current is not None and switch is not None and switch.at < current.at:
        switch = None
    off = switch is not None and switch.values[0] == 0
    island = next((row for row in reversed(_islands(periods)) if row[0] <= now), None)
    promos = [r for r in sorted(_of(past, "subscriptions"), key=lambda r: r.at) if r.values[3] is not None]
    promo = promos[-1].values[3] if promos and promos[-1].values[3] > now else None
    firsts = [start for start, _, _ in periods] + [row.at for row in trials]
    its = current if state == "trial" else None
    by_hand = switch if switch is not None and switch.values == (0, "user") else None
    end = island[1] if state == "paid" and island else its.values[2] if its else None
    return {
        "contract_state": state, "already_left": off,
        "contract_days_to_end": _days(now, end),
        "contract_tenure_days": _days(island[0], now) if state == "paid" and island else None,
        "contract_days_since_first_access": _days(min(firsts), now) if firsts else None,
        "contract_earlier_lapses": sum(row[0] <= now for row in _islands(periods)) - (state == "paid"),
        "contract_auto_renew": switch.values[0] if switch else None,
        "contract_days_since_switched_off": _days(by_hand.at, now) if by_hand else None,
        "contract_promo": int(promo is not None), "contract_days_to_promo_end": _days(now, promo),
        "contract_trial_age": _days(its.at, now) if its else None,
        "contract_trial_length": _days(its.at, its.values[2]) if its else None,
        "contract_trial_auto_charging": int(its.values[1] == "auto") if its else None,
    }  # fmt: skip


def access_ends(history: Sequence[Row], as_of: date) -> tuple[int, str | None] | None:
    """Label and how of who pays, from all rows; None where no paid access covers the date."""
    now = midnight(as_of)
    for start, stop in _islands(_periods(history)):
        if start <= now < stop:
            left = stop <= now + 30 * DAY
            switch = _last(history, stop)
            chose = switch is not None and switch.values == (0, "user")
            return int(left), ("voluntary" if chose else "involuntary") if left else None
    return None


def no_first_charge(history: Sequence[Row], as_of: date) -> tuple[int | None, str | None] | None:
    """Label and how of a trial, from all rows; None where no trial covers the date."""
    now = midnight(as_of)
    covering = [r for r in _of(history, "subscriptions") if r.at < now < r.values[2]]
    if not covering:
        return None
    start, stop = max((row.at, row.values[2]) for row in covering)
    if stop > now + 30 * DAY:
        return None, None
    left = not any(start < at <= stop + 2 * DAY for _, _, at in _periods(history))
    switch = _last([row for row in history if row.at >= start], stop)
    chose = switch is None or switch.values == (0, "user")
    return int(left), ("voluntary" if chose else "involuntary") if left else None


def _of(history: Sequence[Row], log: str) -> list[Row]:
    return [row for row in history if row.log == log]


def _periods(history: Sequence[Row]) -> list[tuple[datetime, datetime, datetime]]:
    return sorted((*r.values[1:], r.at) for r in _of(history, "payments") if r.values[0] == "succeeded")


def _islands(periods: Sequence[tuple[datetime, datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    islands: list[tuple[datetime, datetime]] = []
    for start, stop, _ in periods:
        if islands and start <= islands[-1][1] + 2 * DAY:
            islands[-1] = (islands[-1][0], max(stop, islands[-1][1]))
        else:
            islands.append((start, stop))
    return islands


def _last(history: Sequence[Row], until: datetime) -> Row | None:
    rows = [row for row in _of(history, "switches") if row.at <= until]
    return max(rows, key=lambda row: (row.at, row.values[0], row.values[1] == "user"), default=None)


def _days(start: datetime, stop: datetime | None) -> int | None:
    """Between calendar days in Moscow."""
    return None if stop is None else (stop.astimezone(MOSCOW).date() - start.astimezone(MOSCOW).date()).days
