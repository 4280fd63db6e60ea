"""Two models on the same rows."""

import json
from datetime import date
from typing import Any

import numpy as np
import pytest

from registry.gate.evidence import read
from registry.gate.measurements import Measurements
from tests.unit.builders import frame, is_one_sentence, measured
from training import ScoresError, Slice, compare_models
from training.data.frame import Frame
from training.evaluate.auc import auc_draws
from training.evaluate.bootstrap import Floats
from training.evaluate.model_comparison import ModelComparison

SLICES = (Slice("silence", "silence", (60, 120)), Slice("spent", "spent", (1000,)))


@pytest.fixture(scope="module")
def rows() -> Frame:
    return frame([date(2026, 1, 1), date(2026, 2, 1)], entities=300)


def score(rows: Frame, noise: float, seed: int = 1) -> Floats:
    signal = rows.rows[:, 0] / 50 + noise * np.random.default_rng(seed).normal(size=len(rows))
    return np.asarray(1 / (1 + np.exp(2 - signal)))


@pytest.fixture(scope="module")
def result(rows: Frame) -> ModelComparison:
    return compare_models(rows, score(rows, 0.1), score(rows, 2.0), SLICES, seed=7)


def test_the_difference_is_paired_draw_by_draw(rows: Frame, result: ModelComparison):
    expected, its = (auc_draws(rows.labels, item, rows.entity, 7) for item in (result.challenger, score(rows, 2.0)))
    low, high = np.percentile(expected - its, [2.5, 97.5])
    assert result.bootstrap is not None
    assert result.delong is not None
    assert (result.bootstrap.low, result.bootstrap.high) == pytest.approx((low, high), abs=1e-12)
    assert result.bootstrap.value == pytest.approx(result.delong.value, abs=1e-12)
    assert result.delong.low == pytest.approx(result.bootstrap.low, abs=0.01)
    assert result.bootstrap.low > 0, "noise makes a model worse"


def test_the_comparison_has_the_format_of_the_registry(result: ModelComparison):
    comparison = json.loads(json.dumps(result.json()))
    comparison["versus"] |= {"version": "1", "digest": "0123456789"}
    content = read(Measurements, measured(**comparison))
    assert content.comparison is not None
    sizes = {(item.slice, item.range): (item.rows, item.difference is None) for item in content.comparison.slices}
    assert sum(rows for (name, _), (rows, _) in sizes.items() if name == "silence") == 600
    assert sizes["spent", "not known"][1] == (sizes["spent", "not known"][0] < 60)


def test_who_enters_the_riskiest_tenth_and_who_leaves_it(rows: Frame):
    before = np.linspace(0.01, 0.99, 600)
    after = before.copy()
    after[[0, 599]] = after[[599, 0]]  # the first and the last change places
    moved = compare_models(rows, after, before, (), seed=1).moved
    assert moved is not None
    assert (moved.top, moved.entered.tolist(), moved.withdrawn.tolist()) == (60, [0], [599])
    assert 0.9 < moved.rank_correlation < 1


def test_the_same_model_does_not_differ_from_itself(rows: Frame):
    same = compare_models(rows, score(rows, 0.5), score(rows, 0.5), SLICES, seed=1).json()
    assert same["versus"]["bootstrap"] == same["versus"]["delong"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert same["moved"] == {"rank_correlation": pytest.approx(1.0), "top": 60, "entered": 0, "withdrawn": 0}


def test_without_production_only_the_challenger_is_measured(rows: Frame, result: ModelComparison):
    single = compare_models(rows, result.challenger, None, SLICES, seed=7)
    assert single.json() == {"auc": result.auc.json(), "versus": None, "moved": None}


@pytest.mark.parametrize(
    ("damage", "expected_text"),
    [
        pytest.param(lambda p: np.where(np.arange(600) == 3, np.nan, p), "1 of 600 rows", id="one is missing"),
        pytest.param(lambda p: p[:-1], "600 of 600 rows", id="one too few"),
        pytest.param(lambda p: np.full(600, np.inf), "600 of 600 rows", id="infinite"),
    ],
)
@pytest.mark.parametrize("whose", ["challenger", "version in production"])
def test_scores_that_are_none_are_not_compared(rows: Frame, damage: Any, expected_text: str, whose: str):
    both = [score(rows, 0.1), score(rows, 0.2)]
    both[whose != "challenger"] = damage(both[0])
    with pytest.raises(ScoresError, match=f"The {whose} gives no number for {expected_text}") as caught:
        compare_models(rows, both[0], both[1], (), seed=1)
    assert is_one_sentence(caught.value)


def test_rows_of_one_class_are_not_compared(rows: Frame):
    with pytest.raises(ScoresError, match="both classes are needed"):
        compare_models(rows.only(rows.labels == 1), np.full(int(rows.labels.sum()), 0.5), None, (), seed=1)
