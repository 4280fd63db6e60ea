"""What people do in a month: visits, and the events of each visit."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from projects.telemetry.simulator import plan as planted
from projects.telemetry.simulator.people import Visitors, draw_counts
from projects.telemetry.simulator.plan import CATEGORIES, Floats, Frame, Ints, Plan, generator, season

ACTIONS = np.array(["view", "cart", "checkout", "purchase"])
#: probabilities of each step of a visit after the step before it; the last is multiplied by the season.
CART, CHECKOUT, PURCHASE = 0.35, 0.60, 0.65
MEAN_MORE_VIEWS = 3.2
MEAN_SECONDS_BETWEEN = 55.0
WHOLESALE_SHARE = 0.003


def make_month(people: Visitors, plan: Plan, month: date, seed: int) -> pa.Table:
    """The events of one month in the order of time, with the columns of the export; some events occur twice."""
    rng = generator(seed, f"month {month}")
    visits = _make_visits(rng, people, plan, month)
    events = _make_events(rng, visits)
    person = people.columns.take(pa.array(visits["person"][events["visit"]]))
    table = pa.table(
        {
            "person_id": person["person_id"],
            "happened_at": pa.array(events["moment"]),
            "category": pa.array(np.array(list(CATEGORIES))).take(pa.array(visits["category"][events["visit"]])),
            "value": pa.array(events["value"], mask=np.isnan(events["value"])),
            **{name: person[name] for name in ("gender", "city", "age", "child_age")},
            "session_id": pa.array(visits["session"][events["visit"]]),
            "action": pa.array(ACTIONS).take(pa.array(events["action"])),
        }
    )
    return table.take(pa.array(_order(rng, table, plan.double_share(month))))


def _make_visits(rng: np.random.Generator, people: Visitors, plan: Plan, month: date) -> Frame:
    """One row per visit: person, moment of its begin, category, session."""
    days = [month + timedelta(day) for day in range(31) if (month + timedelta(day)).month == month.month]
    first = (month - plan.months[0]).days
    present = np.clip(np.minimum(people.until_day, first + len(days)) - np.maximum(people.from_day, first), 0, None)
    weights, hours = _weights(plan, days)
    expected = people.visits_a_month * present / 30.4 * weights.sum() / len(days) * hours.sum() / sum(planted.HOURS)
    person = np.repeat(np.arange(len(expected)), draw_counts(rng, expected))
    # A person visits only between the first and the last day; other draws of a day are moved into that range.
    day = rng.choice(len(days), size=len(person), p=weights / weights.sum())
    is_present = (first + day + 1 > people.from_day[person]) & (first + day <= people.until_day[person])
    person, day = person[is_present], day[is_present]
    hour = rng.choice(24, size=len(person), p=hours / hours.sum())
    begin = np.datetime64(month, "ms") + (
        day * 86_400_000 + hour * 3_600_000 + rng.integers(0, 3_600_000, len(person))
    ).astype("timedelta64[ms]")
    session = rng.integers(10**11, 10**12, len(person))
    category = _draw_categories(rng, people.is_parent[person], plan if month == plan.category_month else None)
    return {"person": person, "begin": begin, "category": category, "session": session}


def _weights(plan: Plan, days: list[date]) -> tuple[Floats, Floats]:
    """The factors of visits by day of the month and by hour."""
    by_day = [planted.WEEKDAYS[day.weekday()] * (planted.DAY_FACTOR if day in plan.days else 1.0) for day in days]
    hours = np.array(planted.HOURS)
    if plan.hour_month == days[0]:
        hours[plan.hour] *= planted.HOUR_FACTOR
    return np.array(by_day), hours


def _draw_categories(rng: np.random.Generator, is_parent: np.ndarray, anomaly: Plan | None) -> Ints:
    shares = np.array([(without, parents) for without, parents, _ in CATEGORIES.values()]).T
    if anomaly is not None:
        shares[:, list(CATEGORIES).index(anomaly.category)] *= planted.CATEGORY_FACTOR
    edges = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    uniform = rng.random(len(is_parent))
    drawn = [np.searchsorted(row[:-1], uniform, side="right") for row in edges]
    return np.where(is_parent, drawn[1], drawn[0]).astype(np.int64)


def _make_events(rng: np.random.Generator, visits: Frame) -> Frame:
    """One row per event: visit, moment, action, value."""
    begin = visits["begin"]
    count = len(begin)
    views = rng.geometric(1 / (1 + MEAN_MORE_VIEWS), count)
    buying = PURCHASE * season(planted.BUYING_SEASON, begin)
    passed = rng.random((3, count)) < np.stack([np.full(count, CART), np.full(count, CHECKOUT), buying])
    steps = np.cumprod(passed, axis=0).sum(axis=0)
    length = views + steps
    visit = np.repeat(np.arange(count), length)
    position = np.arange(len(visit)) - np.repeat(np.cumsum(length) - length, length)
    pause = rng.exponential(MEAN_SECONDS_BETWEEN * 1000, len(visit)) + 1000
    pause[position == 0] = 0
    passed_time = np.cumsum(pause)
    since_begin = passed_time - np.repeat(passed_time[np.cumsum(length) - length], length)
    moment = begin[visit] + since_begin.astype(np.int64).astype("timedelta64[ms]")
    action = np.maximum(position - views[visit] + 1, 0)
    return {"visit": visit, "moment": moment, "action": action, "value": _draw_values(rng, visits, visit, action)}


def _draw_values(rng: np.random.Generator, visits: Frame, visit: Ints, action: Ints) -> Floats:
    """Rubles paid by each purchase, to the kopeck; no number for another action."""
    value = np.full(len(visit), np.nan)
    buys = np.flatnonzero(action == 3)
    price = np.array([price for _, _, price in CATEGORIES.values()])[visits["category"][visit[buys]]]
    price = price * season(planted.PRICE_SEASON, visits["begin"][visit[buys]]) * rng.lognormal(0, 0.45, len(buys))
    wholesale = rng.random(len(buys)) < WHOLESALE_SHARE
    value[buys] = np.round(np.where(wholesale, price * rng.uniform(10, 25, len(buys)), price), 2)
    return value


def _order(rng: np.random.Generator, table: pa.Table, double_share: float) -> Ints:
    """Row numbers in the order of time: one row per person and moment, then some rows twice."""
    person = table["person_id"].to_numpy()
    moment = table["happened_at"].to_numpy().astype(np.int64)
    order = np.lexsort((person, moment))
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(person[order]) != 0) | (np.diff(moment[order]) != 0)
    order = order[is_new]
    return np.repeat(order, 1 + (rng.random(len(order)) < double_share))
