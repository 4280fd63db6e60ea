"""Who left and how: by hand at the edges, and against a row-by-row reference."""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from features import AccessEnds, Label, NoFirstCharge, label_sql
from tests.spark.features.contracts import (
    AS_OF,
    Row,
    access_ends,
    no_first_charge,
    numbered,
    paid,
    random_history,
    show,
    switched,
    trial,
)
from tests.unit.builders import contract, contract_sources

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SECOND = 1 / 86400
ON = switched(-60, 1, "system")
LabelAndKind = tuple[int | None, str | None] | None
STAYED, CHOSE, FAILED = (0, None), (1, "voluntary"), (1, "involuntary")
ENDS, TRIALS = AccessEnds(contract(), 30, 2), NoFirstCharge(contract(), 30, 2)

#: description -> history of one who pays at the date, and label and how.
PAID: dict[str, tuple[list[Row], LabelAndKind]] = {
    "access ends after the horizon": ([paid(-5, 30 + SECOND), ON], STAYED),
    "access ends at the last moment of the horizon": ([paid(-5, 30), ON], FAILED),
    "access ends a second after the date": ([paid(-30, SECOND), ON], FAILED),
    "renewed at once": ([paid(-20, 10), paid(10, 40), ON], STAYED),
    "renewed, and the renewal ends within the horizon": ([paid(-20, 10), paid(10, 20), ON], FAILED),
    "restored after exactly two days": ([paid(-20, 10), paid(12, 42), ON], STAYED),
    "restored a second later than two days": ([paid(-20, 10), paid(12 + SECOND, 42), ON], FAILED),
    "restored two days after the last moment of the horizon": ([paid(0, 30, at=-1), paid(32, 62), ON], STAYED),
    "restored, known long after": ([paid(-20, 10), paid(10, 40, known_at=90), ON], STAYED),
    "the charge for the renewal failed": ([paid(-20, 10), paid(10, 40, status="failed"), ON], FAILED),
    "switched off by hand": ([paid(-20, 10), ON, switched(-3, 0)], CHOSE),
    "switched off by hand after the date, known late": ([paid(-20, 10), ON, switched(9, 0, known_at=50)], CHOSE),
    "switched off by hand at the very end": ([paid(-20, 10), ON, switched(10, 0)], CHOSE),
    "switched off by hand a second after the end": ([paid(-20, 10), ON, switched(10 + SECOND, 0)], FAILED),
    "switched off by hand, and on again": ([paid(-20, 10), ON, switched(1, 0), switched(2, 1)], FAILED),
    "switched off by support": ([paid(-20, 10), ON, switched(1, 0, "support")], FAILED),
    "switched off by hand, then stayed by a purchase": ([paid(-20, 10), ON, switched(1, 0), paid(11, 41)], STAYED),
    "nothing is known of switches": ([paid(-20, 10)], FAILED),
    "a year is paid": ([paid(-20, 345), ON, switched(-3, 0)], STAYED),
    "nothing was paid": ([trial(-3, 4)], None),
    "access ended at midnight": ([paid(-30, 0), ON], None),
}

#: description -> history of one on trial at the date, and label and how.
TRIAL: dict[str, tuple[list[Row], LabelAndKind]] = {
    "charged at the end of the trial": ([trial(-3, 4), paid(4, 34)], STAYED),
    "bought before the end": ([trial(-3, 4, "opt_in"), paid(1, 31)], STAYED),
    "first charge exactly two days after the end": ([trial(-3, 4), paid(6, 36)], STAYED),
    "first charge a second later": ([trial(-3, 4), switched(-3, 1, "system"), paid(6 + SECOND, 36)], FAILED),
    "first charge known long after": ([trial(-3, 4), paid(4, 34, known_at=80)], STAYED),
    "paid before the trial only": ([paid(-90, -60), trial(-3, 4, "opt_in")], CHOSE),
    "the charge failed": ([trial(-3, 4), switched(-3, 1, "system"), paid(4, 34, status="failed")], FAILED),
    "cancelled": ([trial(-3, 4), switched(-3, 1, "system"), switched(1, 0)], CHOSE),
    "cancelled, and taken back": ([trial(-3, 4), switched(1, 0), switched(2, 1)], FAILED),
    "an opt-in trial that nobody bought": ([trial(-3, 4, "opt_in")], CHOSE),
    "switched off before the trial, then auto-renew on": ([switched(-9, 0), trial(-3, 4), switched(-3, 1)], FAILED),
    "a trial longer than the horizon has no label": ([trial(-3, 31)], (None, None)),
    "a trial that ends with the horizon": ([trial(-3, 30), switched(-3, 1)], FAILED),
    "a trial that ends at midnight": ([trial(-7, 0)], None),
    "a trial that begins at midnight": ([trial(0, 7)], None),
}


def text(
    spark: "SparkSession", label: Label, rows: list[Row], dates: list[date]
) -> dict[tuple[int, date], LabelAndKind]:
    show(spark, rows)
    result: dict[tuple[int, date], LabelAndKind] = {}
    for row in spark.sql(label_sql(label, contract_sources(), "user_id", dates)).collect():
        key = (row["user_id"], row["as_of"])
        assert key not in result, f"{key} is there twice"
        result[key] = (row["label"], row["label_how"])
    return result


@pytest.fixture(scope="module", autouse=True)
def moscow(in_zone: Callable[[str], Any]) -> Iterator[None]:
    with in_zone("Europe/Moscow"):
        yield


@pytest.fixture(scope="module")
def of_paid(spark: "SparkSession", moscow: None) -> dict[tuple[int, date], LabelAndKind]:
    return text(spark, ENDS, numbered([history for history, _ in PAID.values()]), [AS_OF])


@pytest.fixture(scope="module")
def of_trial(spark: "SparkSession", moscow: None) -> dict[tuple[int, date], LabelAndKind]:
    return text(spark, TRIALS, numbered([history for history, _ in TRIAL.values()]), [AS_OF])


@pytest.mark.parametrize("case", PAID)
def test_who_pays_leaves_when_access_ends(case: str, of_paid: dict[tuple[int, date], LabelAndKind]):
    history, wanted = PAID[case]
    assert of_paid.get((list(PAID).index(case), AS_OF)) == wanted == access_ends(history, AS_OF)


@pytest.mark.parametrize("case", TRIAL)
def test_a_trial_leaves_without_a_first_charge(case: str, of_trial: dict[tuple[int, date], LabelAndKind]):
    history, wanted = TRIAL[case]
    assert of_trial.get((list(TRIAL).index(case), AS_OF)) == wanted == no_first_charge(history, AS_OF)


@pytest.mark.parametrize(
    ("label", "reference"), [(ENDS, access_ends), (TRIALS, no_first_charge)], ids=["access ends", "no first charge"]
)
def test_labels_of_random_histories_are_what_the_reference_says(
    label: Label, reference: Callable[[list[Row], date], LabelAndKind], spark: "SparkSession"
):
    rng = random.Random(5)  # noqa: S311
    histories = [random_history(rng) for _ in range(300)]
    dates = [AS_OF + timedelta(days=days) for days in (-60, -31, -7, -1, 0, 1, 30)]
    result = text(spark, label, numbered(histories), dates)
    assert {values[1] for values in result.values() if values} == {None, "voluntary", "involuntary"}
    for number, history in enumerate(histories):
        for day in dates:
            assert result.get((number, day)) == reference(history, day), (number, day, history)
