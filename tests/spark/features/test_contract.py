"""What a contract is at a date: by hand at the edges, against a row-by-row reference, and blind to the future."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from features import contract_sql
from tests.spark.features.contracts import (
    AS_OF,
    Row,
    midnight,
    moment,
    numbered,
    paid,
    random_history,
    show,
    state_of,
    switched,
    trial,
)
from tests.unit.builders import contract, contract_sources

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ON, SECOND = switched(-60, 1, "system"), 1 / 86400
#: description -> history, in days from midnight in Moscow on the date, and the state; None for no state at all.
STATES: dict[str, tuple[list[Row], str | None]] = {
    "paid period covers the date": ([paid(-10, 20), ON], "paid"),
    "paid period begins at midnight, charged the day before": ([paid(0, 30, at=-1), ON], "paid"),
    "paid period begins at midnight and is charged then": ([paid(0, 30), ON], None),
    "paid period ends a second after midnight": ([paid(-30, SECOND), ON], "paid"),
    "paid period ends at midnight": ([paid(-30, 0), ON], "grace"),
    "a charge that failed pays for nothing": ([paid(-10, 20, status="failed"), ON], None),
    "paid, known a second before midnight": ([paid(-10, 20, known_at=-SECOND), ON], "paid"),
    "paid, known at midnight": ([paid(-10, 20, known_at=0), ON], None),
    "paid, though auto-renew is off": ([paid(-10, 20), ON, switched(-2, 0)], "paid"),
    "ended, auto-renew off": ([paid(-33, -3), ON, switched(-5, 0)], "lapsed"),
    "ended, switched off and then on again": ([paid(-33, -3), ON, switched(-6, 0), switched(-5, 1)], "grace"),
    "ended, switched off, known too late": ([paid(-33, -3), ON, switched(-5, 0, known_at=1)], "grace"),
    "ended, never switched": ([paid(-33, -3)], "lapsed"),
    "ended a second less than seven days ago": ([paid(-33, -7 + SECOND), ON], "grace"),
    "ended seven days ago": ([paid(-33, -7), ON], "lapsed"),
    "restored after a break": ([paid(-40, -10), paid(-8, 22), ON], "paid"),
    "auto trial": ([trial(-3, 4), switched(-3, 1, "system")], "trial"),
    "opt-in trial without a switch": ([trial(-3, 4, "opt_in")], "trial"),
    "trial ends a second after midnight": ([trial(-7, SECOND)], "trial"),
    "trial ends at midnight": ([trial(-7, 0)], "lapsed"),
    "trial begins at midnight": ([trial(0, 7)], None),
    "trial begins a second before midnight": ([trial(-SECOND, 7)], "trial"),
    "trial known at midnight": ([trial(-3, 4, known_at=0)], None),
    "trial, a charge failed": ([trial(-7, 4), paid(-1, 29, status="failed")], "trial"),
    "trial bought before its end": ([trial(-7, 4, "opt_in"), paid(-1, 29)], "paid"),
    "trial paid ahead for its end": ([trial(-7, 4), paid(4, 34, at=-1)], None),
    "trial paid, not known yet": ([trial(-7, 4), paid(-1, 29, known_at=1)], "trial"),
    "trial of one who paid long ago": ([paid(-90, -60), trial(-3, 4)], "trial"),
    "trial while access is paid": ([paid(-10, 20), trial(-3, 4)], "paid"),
    "access only in the future": ([paid(5, 35), trial(6, 13)], None),
}


def states(spark: "SparkSession", rows: list[Row], dates: list[Any]) -> dict[tuple[int, Any], dict[str, Any]]:
    show(spark, rows)
    result = {}
    for row in spark.sql(contract_sql(contract(), contract_sources(), dates)).collect():
        values = row.asDict()
        key = (values.pop("entity"), values.pop("as_of"))
        assert key not in result, f"{key} is there twice"
        result[key] = values
    return result


@pytest.fixture(scope="module", autouse=True)
def moscow(in_zone: Callable[[str], Any]) -> Iterator[None]:
    with in_zone("Europe/Moscow"):
        yield


@pytest.fixture(scope="module")
def known_at(spark: "SparkSession", moscow: None) -> dict[int, dict[str, Any]]:
    rows = numbered([history for history, _ in STATES.values()])
    return {entity: values for (entity, _), values in states(spark, rows, [AS_OF]).items()}


@pytest.mark.parametrize("case", STATES)
def test_the_state_at_midnight(case: str, known_at: dict[int, dict[str, Any]]):
    history, state = STATES[case]
    result = known_at.get(list(STATES).index(case), {}).get("contract_state")
    assert result == state == state_of(history, AS_OF)["contract_state"]


#: description -> history and the measures that matter in it.
MEASURES: dict[str, tuple[list[Row], dict[str, Any]]] = {
    "a renewal extends the spell": (
        [paid(-70, -40), paid(-40, -10), paid(-10, 20), ON],
        {"days_to_end": 20, "tenure_days": 70, "earlier_lapses": 0, "days_since_first_access": 70, "auto_renew": 1},
    ),
    "a break of two days does not end the spell": ([paid(-42, -12), paid(-10, 20)], {"tenure_days": 42}),
    "a longer break does": ([paid(-43, -12), paid(-10 + SECOND, 20)], {"tenure_days": 10, "earlier_lapses": 1}),
    "charged ahead of the end of access": ([paid(-28, 2), paid(2, 32, at=-1)], {"days_to_end": 32}),
    "switched off five days ago": (
        [paid(-10, 20), ON, switched(-5, 0)],
        {"auto_renew": 0, "days_since_switched_off": 5, "already_left": True},
    ),
    "switched off by the system": (
        [paid(-10, 20), ON, switched(-5, 0, "system")],
        {"auto_renew": 0, "days_since_switched_off": None, "already_left": True},
    ),
    "on again": (
        [paid(-10, 20), ON, switched(-5, 0), switched(-4, 1)],
        {"auto_renew": 1, "days_since_switched_off": None, "already_left": False},
    ),
    "switched off before the trial": (
        [paid(-90, -60), switched(-70, 0), trial(-3, 4, "opt_in")],
        {"auto_renew": None, "already_left": False, "earlier_lapses": 1, "days_since_first_access": 90},
    ),
    "cancelled on trial": (
        [trial(-3, 4), switched(-3, 1, "system"), switched(-1, 0)],
        {"already_left": True, "trial_age": 3, "trial_length": 7, "trial_auto_charging": 1, "days_to_end": 4},
    ),
    "a lower price for nine days more": (
        [trial(-20, -13, promo=9), paid(-13, 17)],
        {"promo": 1, "days_to_promo_end": 9},
    ),
    "a lower price that has ended": (
        [trial(-20, -13, promo=0), paid(-13, 17)],
        {"promo": 0, "days_to_promo_end": None},
    ),
}


@pytest.fixture(scope="module")
def measured(spark: "SparkSession", moscow: None) -> dict[int, dict[str, Any]]:
    rows = numbered([history for history, _ in MEASURES.values()])
    return {entity: values for (entity, _), values in states(spark, rows, [AS_OF]).items()}


@pytest.mark.parametrize("case", MEASURES)
def test_what_the_contract_measures(case: str, measured: dict[int, dict[str, Any]]):
    values, wanted = measured[list(MEASURES).index(case)], MEASURES[case][1]
    result = {name: values.get(f"contract_{name}", values.get(name)) for name in wanted}
    assert result == wanted


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_states_and_measures_of_random_histories_are_what_the_reference_says(seed: int, spark: "SparkSession"):
    rng = random.Random(seed)  # noqa: S311
    histories = [random_history(rng) for _ in range(250)]
    dates = [AS_OF + timedelta(days=days) for days in (-60, -31, -30, -7, -1, 0, 1, 45)]
    result = states(spark, numbered(histories), dates)
    assert {values["contract_state"] for values in result.values()} == {"trial", "paid", "grace", "lapsed", None}
    for number, history in enumerate(histories):
        for day in dates:
            wanted = state_of(history, day)
            values = result.get((number, day))
            if values is None:
                assert wanted["contract_state"] is None
            else:
                assert values == wanted, (number, day, history)


def _is_past(row: Row) -> bool:
    return row.at < midnight(AS_OF) and row.known_at < midnight(AS_OF)


def _corrupted(row: Row) -> Row:
    wrong: dict[str, tuple[Any, ...]] = {
        "payments": ("succeeded", moment(-300), moment(300)),
        "subscriptions": ("trial_started", "auto", moment(300), moment(300)),
        "switches": (1 - row.values[0] if row.log == "switches" else 0, "user"),
    }
    return row if _is_past(row) else replace(row, values=wrong[row.log])


def test_whatever_happens_or_becomes_known_at_or_after_the_date_leaves_the_contract_as_it_was(spark: "SparkSession"):
    rng = random.Random(9)  # noqa: S311
    histories = [random_history(rng) for _ in range(200)]
    worlds = [
        histories,
        [[_corrupted(row) for row in rows] for rows in histories],
        [[row for row in rows if _is_past(row)] for rows in histories],
    ]
    assert sum(not _is_past(row) for rows in histories for row in rows) > 100
    result = states(spark, numbered([rows for world in worlds for rows in world]), [AS_OF])
    honest, corrupted, deleted = (
        {entity % 200: values for (entity, _), values in result.items() if entity // 200 == world} for world in range(3)
    )
    assert len(honest) > 150
    assert corrupted == honest == deleted
