"""Each trap that is planted makes the check of its name fail, and the honest world passes it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from features import Grid, monthly, snapshot_sql
from features.compile.plan import SourcePlan
from lake import Source
from tests.spark.features.logs import declare, random_log, timed
from tests.spark.features.reference import Event
from tests.unit.builders import frame
from tests.unit.features.test_reference import FIRST, shown
from training.data.folds import Fold
from training.data.frame import Frame
from training.leakage.checks import (
    blind,
    entities_apart,
    label_permutation,
    label_windows,
    order,
    our_contacts,
    single_feature,
)  # fmt: skip

AS_OF = FIRST + timedelta(days=40)
FEATURES = [declare("count", window=30), declare("sum", measure="value", window=7), declare("last", measure="pieces")]
LOG = random_log(3, FIRST, 60, "UTC", entities=12)
KEYS = ["user_id", "as_of"]
DATES = monthly(date(2026, 1, 1), date(2026, 6, 1))


def features(log: list[Event], source: Source | None = None) -> pd.DataFrame:
    with shown(source or timed(), log, "UTC") as engine:
        return engine.frame(snapshot_sql(FEATURES, [source or timed()], "user_id", Grid.of([AS_OF], FIRST)))


def ruined(row: Event) -> Event:
    return replace(row, values={"value": 1e6, "pieces": 99, "device": "tv", "until": AS_OF})


def without_future_events(log: list[Event]) -> list[Event]:
    return [ruined(row) if row.day >= AS_OF else row for row in log]


def without_late_rows(log: list[Event]) -> list[Event]:
    return [ruined(row) if row.known_day >= AS_OF else row for row in log]


@pytest.mark.parametrize(
    ("check", "change"), [("event_future", without_future_events), ("known_future", without_late_rows)]
)
def test_features_ignore_future_and_unknown_events(check: str, change: Callable[[list[Event]], list[Event]]):
    assert change(LOG) != LOG
    assert blind(check, features(LOG), features(change(LOG)), KEYS).passed


def test_trap_a_row_after_the_cut_off(monkeypatch: pytest.MonkeyPatch):
    numbers = Grid.numbers.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(SourcePlan, "_past", lambda plan: f"day <= {numbers(plan.grid)[-1]}")
    result = blind("event_future", features(LOG), features(without_future_events(LOG)), KEYS)
    assert (result.check, result.passed) == ("event_future", False)


def test_trap_a_late_row_declared_as_known_at_once():
    at_once = replace(timed(), known_time=None)
    result = blind("known_future", features(LOG, at_once), features(without_late_rows(LOG), at_once), KEYS)
    assert (result.check, result.passed) == ("known_future", False)


def test_trap_a_column_that_says_how_things_are_now():
    """The export of today overwrites what an old row said: what was logged is not what a backfill gives."""
    logged = features(LOG)
    today = [replace(row, values={**row.values, "pieces": 7}) for row in LOG]
    result = blind("backfill", logged, features(today), KEYS)
    assert (result.check, result.passed) == ("backfill", False)
    assert "visits_pieces_last" in result.sentence
    assert blind("backfill", logged, features(list(LOG)), KEYS).passed


@pytest.mark.parametrize(("gap", "passed"), [(32, True), (31, False)])
def test_trap_labels_that_overlap_test_dates(gap: int, passed: bool):
    result = label_windows([date(2026, 1, 1)], [date(2026, 1, 1) + timedelta(days=gap)], timedelta(days=32))
    assert (result.check, result.passed) == ("label_windows", passed)


def shuffled(rows: Frame, by: np.ndarray | None = None) -> Frame:
    """The rows of each date in another order; by the labels, that is a trap."""
    rng = np.random.default_rng(3)
    where = np.concatenate([
        (part := np.flatnonzero(rows.as_of == day))[np.argsort(rng.random(len(part)) if by is None else by[part])]
        for day in np.unique(rows.as_of)
    ])  # fmt: skip
    return Frame(rows.names, rows.rows[where], rows.labels[where], rows.entity[where], rows.as_of[where])


def test_trap_the_order_of_rows_predicts_the_label():
    rows = frame(DATES, entities=400)
    assert order(shuffled(rows)).passed
    result = order(shuffled(rows, by=rows.labels))
    assert (result.check, result.passed) == ("order", False)
    assert "rows" in result.sentence


def test_trap_the_ids_tell_the_label():
    rows = shuffled(frame(DATES[:1], entities=400))
    result = order(replace(rows, entity=np.array([f"u{label}{n:04}" for n, label in enumerate(rows.labels)])))
    assert (result.check, result.passed) == ("order", False)
    assert "ids" in result.sentence


def test_trap_one_user_on_both_sides():
    rows = frame(DATES, entities=50)
    low, high = rows.only(rows.entity < 20), rows.only(rows.entity >= 20)
    assert entities_apart(low, high).passed
    result = entities_apart(rows.only(rows.entity <= 20), high)
    assert (result.check, result.passed) == ("entities_apart", False)
    assert result.sentence.startswith("1 entities")


def contacts(share: np.ndarray, rows: Frame) -> Frame:
    """The rows with a feature that counts our contacts, drawn with these shares."""
    drawn = np.random.default_rng(1).random(len(rows)) < share
    values = np.column_stack([rows.rows, drawn.astype(float)])
    return replace(rows, names=(*rows.names, "contacts_count_30d"), rows=values)


def test_trap_a_contact_caused_by_risk():
    rows = frame(DATES, entities=400)
    risk = rows.rows[:, 0]
    at_random = contacts(np.full(len(rows), 0.2), rows)
    assert our_contacts(at_random, ["contacts_count_30d"], risk).passed
    by_risk = contacts(np.where(risk > np.median(risk), 0.35, 0.05), rows)
    result = our_contacts(by_risk, ["contacts_count_30d"], risk)
    assert (result.check, result.passed) == ("our_contacts", False)


def test_trap_a_feature_that_is_the_answer():
    rows = frame(DATES, entities=200)
    assert single_feature(rows).passed
    text = replace(rows, rows=np.column_stack([rows.rows[:, :2], rows.labels + 0.1 * rows.rows[:, 2]]))
    result = single_feature(text)
    assert (result.check, result.passed) == ("single_feature", False)
    assert result.sentence.startswith("noise alone")


def test_trap_a_feature_that_is_null_for_all_who_stayed():
    rows = frame(DATES, entities=200)
    text = np.where(rows.labels == 1, rows.rows[:, 2], np.nan)
    result = single_feature(replace(rows, rows=np.column_stack([rows.rows[:, :2], text])))
    assert (result.check, result.passed) == ("single_feature", False)
    assert "noise alone has an AUC of 1.000" in result.sentence


def test_a_feature_with_few_values_does_not_fail_by_chance():
    rows = frame(DATES, entities=200)
    text = np.where(np.arange(len(rows)) < 40, rows.labels.astype(float), np.nan)
    assert single_feature(replace(rows, rows=np.column_stack([rows.rows[:, :2], text]))).passed


FOLD = Fold(tuple(DATES[:4]), (DATES[5],))


def test_shuffled_labels_are_not_ranked():
    result = label_permutation(frame(DATES, entities=400), FOLD, seed=1)
    assert (result.check, result.passed) == ("label_permutation", True)
    assert result.sentence.startswith("With shuffled labels the AUC is 0.")


def test_trap_test_rows_among_fit_rows():
    result = label_permutation(frame(DATES, entities=400), replace(FOLD, fit=tuple(DATES)), seed=1)
    assert (result.check, result.passed) == ("label_permutation", False)
