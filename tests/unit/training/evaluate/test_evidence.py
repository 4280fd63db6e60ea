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
from training.data.folds import time_series_split
from training.data.frame import Frame
from training.evaluate.auc import auc_draws
from training.evaluate.delong import delong
from training.evaluate.evidence import (
    OutOfTimeResults,
    count_churn_kinds,
    evaluate_out_of_time,
    evidence,
)
from training.evaluate.metrics import calibration_error
from training.evaluate.profit import Costs
from training.evaluate.slices import Slice
from training.leakage.checks import LeakageCheck
from training.report.mlflow_logging import figures
from training.search.candidate import Candidate, fit_candidate

DATES = monthly(date(1997, 1, 1), date(1997, 12, 1))
SPLIT = time_series_split(DATES, timedelta(days=90), out_of_time=2, folds=3)
FRAME = frame(DATES)
LATE = FRAME.at(SPLIT.out_of_time)
ABOUT = {name: EVIDENCE[name] for name in ("model", "data", "code", "commit", "packages")}
LEAKS = [LeakageCheck(item["check"], item["passed"], item["sentence"]) for item in EVIDENCE["leaks"]]  # type: ignore[index]
SLICES = (Slice("silence", "silence", (100,)), Slice("spent", "spent", (500,)))
COSTS = Costs(contact=1, offer=10, value=100, acceptance=0.3, currency="rubles", basis="assumed")


@pytest.fixture(scope="module")
def candidates() -> list[Candidate]:
    params: dict[str, Any] = {
        "recency": {"recency": 0},
        "logistic": {},
        "catboost": {"iterations": 20, "thread_count": 1},
    }
    return [fit_candidate(name, params[name], FRAME.at(SPLIT.development), SPLIT, seed=7) for name in params]


def judge(candidates: list[Candidate], frame: Frame = LATE, chosen: int = 1, seed: int = 1) -> OutOfTimeResults:
    return evaluate_out_of_time(candidates[chosen], candidates, frame, seed, SLICES, COSTS)


@pytest.fixture(scope="module")
def judged(candidates: list[Candidate]) -> OutOfTimeResults:
    return judge(candidates)


def test_every_candidates_figures_are_scikit_learns_on_the_out_of_time_rows(
    candidates: list[Candidate], judged: OutOfTimeResults
):
    for candidate, result in zip(candidates, judged.candidates, strict=True):
        probability, metrics = candidate.probability(LATE.rows), result["metrics"]
        assert result["name"] == candidate.name
        assert metrics["auc"]["value"] == pytest.approx(roc_auc_score(LATE.labels, probability), abs=1e-12)
        assert metrics["log_loss"]["value"] == pytest.approx(log_loss(LATE.labels, probability))
        assert metrics["brier"]["value"] == pytest.approx(brier_score_loss(LATE.labels, probability))
        expected = calibration_error(LATE.labels, probability)
        assert metrics["calibration_error"]["value"] == pytest.approx(expected, abs=1e-8)
        recalls = [metrics[f"recall_at_{budget}pct"]["value"] for budget in (1, 5, 10, 20)]
        assert recalls == sorted(recalls)
        assert metrics["lift_at_5pct"]["value"] == pytest.approx(recalls[1] / (12 / 240))


def test_every_figure_has_an_interval_that_holds_it(judged: OutOfTimeResults):
    for result in judged.candidates:
        for name, item in result["metrics"].items():
            assert item["low"] <= item["value"] <= item["high"], name


def test_the_interval_of_the_auc_is_that_of_its_own_draws(candidates: list[Candidate], judged: OutOfTimeResults):
    draws = auc_draws(LATE.labels, candidates[0].probability(LATE.rows), LATE.entity, seed=1)
    interval = judged.candidates[0]["metrics"]["auc"]
    assert [interval["low"], interval["high"]] == list(np.percentile(draws, [2.5, 97.5]))
    by_formula = delong(LATE.labels, [candidates[0].probability(LATE.rows)], LATE.entity).interval(0)
    assert judged.candidates[0]["metrics"]["auc_delong"] == by_formula.json()
    assert by_formula.low == pytest.approx(interval["low"], abs=0.01)


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
    present = Candidate("recency", {}, native, {"slope": scale, "intercept": 0.0}, candidates[0].folds)
    judged = evaluate_out_of_time(present, [present], replace(many, labels=drawn.astype(int)), seed=1)
    assert judged.candidates[0]["metrics"]["calibration_slope"]["value"] == pytest.approx(slope, rel=0.1)


def test_the_difference_is_of_the_values_and_paired_by_draw(candidates: list[Candidate], judged: OutOfTimeResults):
    recency, logistic, _ = candidates
    result = next(
        item for item in judged.differences if item["against"] == "recency" and item["candidate"] == "logistic"
    )
    first_auc, second_auc = (roc_auc_score(LATE.labels, item.probability(LATE.rows)) for item in (logistic, recency))
    draws = [auc_draws(LATE.labels, item.probability(LATE.rows), LATE.entity, seed=1) for item in (logistic, recency)]
    assert result["auc"]["value"] == pytest.approx(first_auc - second_auc, abs=1e-12)
    assert [result["auc"]["low"], result["auc"]["high"]] == list(np.percentile(draws[0] - draws[1], [2.5, 97.5]))
    assert result["auc_delong"]["value"] == pytest.approx(first_auc - second_auc, abs=1e-12)
    assert result["auc_delong"]["low"] == pytest.approx(result["auc"]["low"], abs=0.01)
    assert {"average_precision", "log_loss", "brier"} <= set(result)


def test_every_two_candidates_are_compared_once_and_the_chosen_one_first(judged: OutOfTimeResults):
    pairs = [(item["candidate"], item["against"]) for item in judged.differences]
    assert pairs == [("logistic", "recency"), ("logistic", "catboost"), ("recency", "catboost")]


def test_a_baseline_that_was_chosen_is_not_compared_with_itself(candidates: list[Candidate], judged: OutOfTimeResults):
    assert set(evidence(candidates[1], judged, LEAKS, ABOUT)["baselines"]) == {"recency"}


def test_the_gate_can_read_what_a_training_leaves(candidates: list[Candidate]):
    judged = judge(candidates, chosen=2)
    evidence_file = evidence(candidates[2], judged, LEAKS, ABOUT)
    read = parse(json.loads(json.dumps(evidence_file)))
    assert read.family == "catboost"
    assert read.metrics.auc.value == judged.candidates[2]["metrics"]["auc"]["value"]
    assert set(read.baselines) == {"recency", "logistic"}
    assert [item.check for item in read.leaks] == [item.check for item in LEAKS]


def test_each_month_has_its_own_figures_or_a_sentence_about_too_few_rows(
    candidates: list[Candidate], judged: OutOfTimeResults
):
    assert [month["as_of"] for month in judged.months] == [str(day) for day in SPLIT.out_of_time]
    for month, day in zip(judged.months, SPLIT.out_of_time, strict=True):
        rows_of_day = LATE.at([day])
        probability = candidates[1].probability(rows_of_day.rows)
        assert month["rows"] == len(rows_of_day)
        assert month["metrics"]["brier"]["value"] == pytest.approx(brier_score_loss(rows_of_day.labels, probability))
        assert {"log_loss", "calibration_error", "calibration_slope", "calibration_intercept"} <= set(month["metrics"])
    few = LATE.only((LATE.as_of == LATE.as_of[0]) | (np.arange(len(LATE)) >= len(LATE) - 20))
    small = judge(candidates, few).months[1]
    assert "metrics" not in small
    assert "too few for figures" in small["sentence"]


def test_a_slice_that_is_too_small_is_there_with_a_sentence(judged: OutOfTimeResults):
    parts = {(item["slice"], item["range"]): item for item in judged.slices}
    assert parts["silence", "100 and more"]["sentence"] is None
    assert "auc" in parts["silence", "100 and more"]
    small = parts["spent", "not known"]
    assert "auc" not in small
    assert "too few for figures" in small["sentence"]
    assert sum(item["rows"] for item in judged.slices if item["slice"] == "spent") == len(LATE)


def test_profit_is_computed_if_costs_are_declared(candidates: list[Candidate], judged: OutOfTimeResults):
    assert judged.profit is not None
    assert judged.profit["costs"]["basis"] == "assumed"
    profit = judged.candidates[1]["profit"]
    assert profit["best_profit"] == judged.profit["best_profit"]
    assert profit["best_profit"]["value"] == max(0.0, *(point["value"] for point in judged.profit["curve"]))
    silent = evaluate_out_of_time(candidates[1], candidates[:2], LATE, 1)
    assert silent.profit is None
    assert "profit" not in silent.candidates[0]


def test_metrics_have_one_name_everywhere(candidates: list[Candidate], judged: OutOfTimeResults):
    logged = figures(judged.candidates[1])
    assert logged == figures(evidence(candidates[1], judged, LEAKS, ABOUT))
    assert {"oot_auc", "oot_auc_low", "oot_auc_high", "oot_auc_delong_low", "oot_best_profit", "oot_log_loss"} <= set(
        logged
    )
    assert all(isinstance(value, float) for value in logged.values())


FLAG = np.random.default_rng(4).random(len(LATE)) < 0.2
HOW = np.where(LATE.labels == 1, np.where(FLAG, "voluntary", "involuntary"), None)
CONTRACTED = replace(LATE, already_left=FLAG, how=HOW)


def test_undecided_rows_have_their_own_figures_and_kinds_of_churn_are_counted(
    candidates: list[Candidate], judged: OutOfTimeResults
):
    result = judge(candidates, CONTRACTED)
    for candidate, item, other in zip(candidates, result.candidates, judged.candidates, strict=True):
        expected = roc_auc_score(LATE.labels[~FLAG], candidate.probability(LATE.rows[~FLAG]))
        assert item["metrics_undecided"]["auc"]["value"] == pytest.approx(expected, abs=1e-12)
        assert item["metrics"] == other["metrics"]
        assert "metrics_undecided" not in other
        assert figures(item)["oot_undecided_auc"] == item["metrics_undecided"]["auc"]["value"]
    counts = count_churn_kinds(CONTRACTED)
    assert counts["already_left_share"] == FLAG.mean()
    assert counts["left_voluntary"] + counts["left_involuntary"] == LATE.labels.sum()
    assert counts["left_voluntary"] == (FLAG & (LATE.labels == 1)).sum()
    assert count_churn_kinds(LATE) == {}


def test_the_gate_can_read_the_undecided(candidates: list[Candidate]):
    judged = judge(candidates, CONTRACTED, chosen=2)
    rows = {"out_of_time_rows": len(LATE), "out_of_time_left": int(LATE.labels.sum())}
    about = {**ABOUT, "data": {**EVIDENCE["data"], **rows, **count_churn_kinds(CONTRACTED)}}  # type: ignore[dict-item]
    read = parse(json.loads(json.dumps(evidence(candidates[2], judged, LEAKS, about))))
    assert read.metrics_undecided is not None
    assert read.metrics_undecided.auc.value == judged.candidates[2]["metrics_undecided"]["auc"]["value"]
    assert read.data.already_left_share == FLAG.mean()


def test_too_few_undecided_of_a_class_have_no_figures(candidates: list[Candidate]):
    nearly_all = LATE.labels == 1
    nearly_all[np.flatnonzero(nearly_all)[:9]] = False
    judged = evaluate_out_of_time(candidates[0], candidates[:1], replace(LATE, already_left=nearly_all), 1)
    assert "metrics_undecided" not in judged.candidates[0]


def test_equal_seeds_leave_equal_evidence(candidates: list[Candidate], judged: OutOfTimeResults):
    assert judge(candidates) == judged
    other = judge(candidates, seed=2)
    assert other.candidates[0]["metrics"]["auc"] != judged.candidates[0]["metrics"]["auc"]
