"""Slices hold everybody once, and those that are too small are told and not dropped."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from stack.errors import PrichalError
from tests.unit.builders import frame, is_one_sentence
from training.evaluate.bootstrap import estimate
from training.evaluate.slices import Slice, SliceFigures, cells

ROWS = frame([date(2026, 1, 1), date(2026, 2, 1)], entities=400)
SILENCE = Slice("silence", "silence", (50, 120))
SPENT = Slice("spent", "spent", (20,), ("little", "much"), null="nothing told")


def test_every_row_is_in_one_range_of_each_slice_and_a_range_holds_its_lower_bound():
    result = cells([SILENCE, SPENT], ROWS)
    assert [(item.slice, item.range) for item in result] == [
        ("silence", "below 50"), ("silence", "50 to below 120"), ("silence", "120 and more"),
        ("spent", "little"), ("spent", "much"), ("spent", "nothing told"),
    ]  # fmt: skip
    for name in ("silence", "spent"):
        rows = np.concatenate([item.rows for item in result if item.slice == name])
        assert np.array_equal(np.sort(rows), np.arange(len(ROWS)))
    assert ROWS.rows[result[1].rows, 0].min() == 50
    assert np.isnan(ROWS.rows[result[5].rows, 1]).all()
    assert [item.left for item in result] == [ROWS.labels[item.rows].sum() for item in result]


def test_with_a_contract_people_without_auto_renewal_are_a_slice():
    flagged = replace(ROWS, already_left=np.arange(len(ROWS)) % 3 == 0)
    on, off = cells([], flagged)
    assert (on.range, off.range) == ("auto-renewal on", "auto-renewal off")
    assert np.array_equal(off.rows, np.arange(0, len(ROWS), 3))
    assert cells([], ROWS) == []


@pytest.mark.parametrize(
    ("left", "stayed", "small"), [(30, 30, False), (29, 300, True), (300, 29, True), (0, 40, True)]
)
def test_a_slice_that_is_too_small_has_a_sentence_with_its_size(left: int, stayed: int, small: bool):
    few = ROWS.only(np.arange(len(ROWS)) < left + stayed)
    few = replace(few, labels=np.r_[np.ones(left, dtype=int), np.zeros(stayed, dtype=int)])
    item = cells([Slice("all", "silence", (1000,))], few)[0]
    assert item.json(None)["rows"] == left + stayed
    assert item.json(None)["sentence"] == (
        f"{left} left and {stayed} stayed: too few for figures, at least 30 each are needed." if small else None
    )


def test_figures_of_a_slice_are_those_of_its_rows():
    probability = 1 / (1 + np.exp(2 - ROWS.rows[:, 0] / 60))
    item = cells([SILENCE], ROWS)[1]
    result = estimate({"own": SliceFigures(ROWS.labels, probability, item.rows)}, ROWS.entity, seed=1)["own"]
    figures, labels, scores = item.json(result), ROWS.labels[item.rows], probability[item.rows]
    assert figures["auc"]["value"] == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert figures["calibration_gap"]["value"] == pytest.approx(scores.mean() - labels.mean(), abs=1e-12)
    for name in ("auc", "calibration_gap"):
        assert figures[name]["low"] < figures[name]["value"] < figures[name]["high"]


@pytest.mark.parametrize(
    ("bad", "expected_text"),
    [
        pytest.param({"bounds": ()}, "give at least one, in rising order", id="no bound"),
        pytest.param({"bounds": (3.0, 3.0)}, "give at least one, in rising order", id="bounds that do not rise"),
        pytest.param({"names": ("all",)}, "1 names for 3 ranges; give one each", id="too few names"),
    ],
)
def test_an_invalid_slice_is_an_error(bad: dict[str, Any], expected_text: str):
    with pytest.raises(PrichalError, match=expected_text) as caught:
        replace(SILENCE, **bad)
    assert is_one_sentence(caught.value)
