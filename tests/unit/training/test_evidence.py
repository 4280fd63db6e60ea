"""The evidence says what the out-of-time rows say, in a form that the gate reads."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from features import monthly
from registry import parse
from tests.unit.builders import EVIDENCE, frame
from training.candidate import Candidate, fit_candidate
from training.evidence import evidence, how_they_left, judge_out_of_time, versus_baselines
from training.folds import split

DATES = monthly(date(1997, 1, 1), date(1997, 12, 1))
CUT = split(DATES, timedelta(days=90), out_of_time=2, folds=3)
FRAME = frame(DATES)
LATE = FRAME.at(CUT.out_of_time)
ABOUT = {"model": "shop_churn", "data": EVIDENCE["data"]}


@pytest.fixture(scope="module")
def candidates() -> list[Candidate]:
    params: dict[str, Any] = {
        "recency": {"recency": 0},
        "logistic": {},
        "catboost": {"iterations": 20, "thread_count": 1},
    }
    return [fit_candidate(name, params[name], FRAME.at(CUT.development), CUT, seed=7) for name in params]


def test_every_candidates_figures_are_scikit_learns_on_the_out_of_time_rows(candidates: list[Candidate]):
    for candidate, judged in zip(candidates, judge_out_of_time(candidates, LATE, seed=1), strict=True):
        probability, metrics = candidate.probability(LATE.rows), judged["metrics"]
        assert judged["name"] == candidate.name
        assert metrics["auc"]["value"] == pytest.approx(roc_auc_score(LATE.labels, probability), abs=1e-12)
        assert metrics["auc"]["low"] < metrics["auc"]["value"] < metrics["auc"]["high"]
        assert metrics["log_loss"] == pytest.approx(log_loss(LATE.labels, probability))
        assert metrics["brier"] == pytest.approx(brier_score_loss(LATE.labels, probability))
        assert metrics["recall_at_1pct"] <= metrics["recall_at_10pct"] <= metrics["recall_at_20pct"]


@pytest.mark.parametrize(
    ("scale", "slope"), [(1.0, 1.0), (2.0, 0.5), (0.5, 2.0)], ids=["right", "too bold", "too timid"]
)
def test_the_slope_is_one_for_probabilities_that_are_neither_bold_nor_timid(
    scale: float, slope: float, candidates: list[Candidate]
):
    many = frame(DATES[-2:], entities=3000)
    margin = 2 * np.log1p(many.rows[:, 0]) - 8
    drawn = np.random.default_rng(2).random(len(many)) < 1 / (1 + np.exp(-margin))
    native = {"column": 0, "longest": 200.0, "slope": 2.0, "intercept": -8.0, "mean": 4.0}
    known = Candidate("recency", {}, native, {"slope": scale, "intercept": 0.0}, candidates[0].folds)
    judged = judge_out_of_time([known], replace(many, labels=drawn.astype(int)), seed=1)
    assert judged[0]["metrics"]["calibration_slope"] == pytest.approx(slope, rel=0.1)


def test_the_difference_to_a_baseline_is_that_of_the_values(candidates: list[Candidate]):
    recency, logistic, _ = candidates
    found = versus_baselines(logistic, candidates, LATE, seed=1)["recency"]
    own, other = (roc_auc_score(LATE.labels, one.probability(LATE.rows)) for one in (logistic, recency))
    assert found["value"] == pytest.approx(own - other, abs=1e-12)
    assert found["low"] < found["value"] < found["high"]


def test_the_difference_is_paired_by_draw_and_so_surer_than_two_values_apart(candidates: list[Candidate]):
    found = versus_baselines(candidates[1], candidates, LATE, seed=1)["recency"]
    recency, logistic = (one["metrics"]["auc"] for one in judge_out_of_time(candidates[:2], LATE, seed=1))
    apart = np.hypot(recency["high"] - recency["low"], logistic["high"] - logistic["low"])
    assert found["high"] - found["low"] < 0.8 * apart


def test_a_baseline_that_was_chosen_is_not_compared_with_itself(candidates: list[Candidate]):
    assert set(versus_baselines(candidates[1], candidates, LATE, seed=1)) == {"recency"}


def test_the_gate_can_read_what_a_training_leaves(candidates: list[Candidate]):
    chosen, judged = candidates[2], judge_out_of_time(candidates, LATE, seed=1)
    proof = evidence(chosen, judged, versus_baselines(chosen, candidates, LATE, seed=1), ABOUT)
    read = parse(json.loads(json.dumps(proof)))
    assert read.family == "catboost"
    assert read.metrics.auc.value == judged[2]["metrics"]["auc"]["value"]
    assert set(read.baselines) == {"recency", "logistic"}


FLAG = np.random.default_rng(4).random(len(LATE)) < 0.2
HOW = np.where(LATE.labels == 1, np.where(FLAG, "voluntary", "involuntary"), None)
CONTRACTED = replace(LATE, already_left=FLAG, how=HOW)


def test_the_undecided_are_judged_apart_and_how_people_left_is_counted(candidates: list[Candidate]):
    judged = judge_out_of_time(candidates, CONTRACTED, seed=1)
    plain = judge_out_of_time(candidates, LATE, seed=1)
    for candidate, one, other in zip(candidates, judged, plain, strict=True):
        expected = roc_auc_score(LATE.labels[~FLAG], candidate.probability(LATE.rows[~FLAG]))
        assert one["metrics_undecided"]["auc"]["value"] == pytest.approx(expected, abs=1e-12)
        assert one["metrics"] == other["metrics"]
        assert "metrics_undecided" not in other
    told = how_they_left(CONTRACTED)
    assert told["already_left_share"] == FLAG.mean()
    assert told["left_voluntary"] + told["left_involuntary"] == LATE.labels.sum()
    assert told["left_voluntary"] == (FLAG & (LATE.labels == 1)).sum()
    assert how_they_left(LATE) == {}


def test_the_gate_can_read_the_undecided(candidates: list[Candidate]):
    chosen, judged = candidates[2], judge_out_of_time(candidates, CONTRACTED, seed=1)
    rows = {"out_of_time_rows": len(LATE), "out_of_time_left": int(LATE.labels.sum())}
    about = {**ABOUT, "data": {**EVIDENCE["data"], **rows, **how_they_left(CONTRACTED)}}  # type: ignore[dict-item]
    proof = evidence(chosen, judged, versus_baselines(chosen, candidates, LATE, seed=1), about)
    read = parse(json.loads(json.dumps(proof)))
    assert read.metrics_undecided is not None
    assert read.metrics_undecided.auc.value == judged[2]["metrics_undecided"]["auc"]["value"]
    assert read.data.already_left_share == FLAG.mean()


def test_too_few_undecided_of_a_class_have_no_figures(candidates: list[Candidate]):
    nearly_all = LATE.labels == 1
    nearly_all[np.flatnonzero(nearly_all)[:9]] = False
    judged = judge_out_of_time(candidates[:1], replace(LATE, already_left=nearly_all), seed=1)
    assert "metrics_undecided" not in judged[0]


def test_equal_seeds_leave_equal_evidence(candidates: list[Candidate]):
    assert judge_out_of_time(candidates, LATE, seed=1) == judge_out_of_time(candidates, LATE, seed=1)
    other = judge_out_of_time(candidates, LATE, seed=2)
    assert other[0]["metrics"]["auc"] != judge_out_of_time(candidates, LATE, seed=1)[0]["metrics"]["auc"]
