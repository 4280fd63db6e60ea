"""Checks of honesty: they agree with brute force, pass honest scores, and fail when a leak is planted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.models.honesty import (
    MAX_STANDARD_ERRORS,
    compare_auc,
    compare_log_loss,
    expected_auc,
    out_of_fold,
)
from benchmarks.models.oracle import probabilities, states
from tests.unit.projects.test_simulator import table, write_sample
from training import Frame, auc

SEED = 1


def by_pairs(score: np.ndarray, p: np.ndarray) -> float:
    """The expected AUC, computed pair by pair."""
    above = pairs = 0.0
    for i in range(len(p)):
        for j in range(len(p)):
            if i != j:
                weight = p[i] * (1 - p[j])
                above += weight * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
                pairs += weight
    return above / pairs


@pytest.mark.parametrize("seed", range(5))
def test_the_expected_auc_counts_all_pairs_and_ties_as_half(seed: int):
    rng = np.random.default_rng(seed)
    score, p = rng.integers(0, 9, 60).astype(float), rng.random(60)
    assert expected_auc(score, p) == pytest.approx(by_pairs(score, p))


def test_certain_labels_have_the_expected_auc():
    rng = np.random.default_rng(1)
    score, labels = rng.integers(0, 30, 200).astype(float), rng.integers(0, 2, 200)
    assert expected_auc(score, labels.astype(float)) == pytest.approx(auc(labels, score))


def draw_world(people: int = 2000, dates: int = 2) -> tuple[Frame, np.ndarray]:
    """Rows whose labels are drawn from given probabilities; the features show one of their two causes."""
    rng = np.random.default_rng(4)
    rows = people * dates
    shown, hidden = rng.normal(size=(rows, 3)), rng.normal(size=rows)
    p = 1 / (1 + np.exp(1.0 - shown[:, 0] - 0.8 * hidden))
    entity, as_of = np.tile(np.arange(people), dates), np.repeat(np.arange(dates), people).astype("datetime64[D]")
    return Frame(("a", "b", "c"), shown, (rng.random(rows) < p).astype(int), entity, as_of), p


def test_the_standard_error_agrees_with_many_draws_of_labels():
    frame, p = draw_world(people=400)
    rng = np.random.default_rng(2)
    worlds = [replace(frame, labels=(rng.random(len(p)) < p).astype(int)) for _ in range(400)]
    comparisons = [compare_auc(world, frame.rows[:, 0], p) for world in worlds]
    gaps = np.array([comparison.second - comparison.first for comparison in comparisons])
    assert abs(gaps.mean()) < 4 * gaps.std() / 20
    assert np.mean([comparison.standard_error for comparison in comparisons]) == pytest.approx(gaps.std(), rel=0.1)


def test_an_honest_model_agrees_and_does_not_improve_on_the_truth():
    frame, p = draw_world()
    assert abs(compare_auc(frame, out_of_fold(frame, SEED), p).standard_errors) < MAX_STANDARD_ERRORS
    assert compare_log_loss(frame, p, SEED).standard_errors < MAX_STANDARD_ERRORS


def test_both_checks_find_a_feature_with_a_few_leaked_labels():
    frame, p = draw_world()
    leaked = np.where(np.random.default_rng(1).random(len(frame)) < 0.1, frame.labels, np.nan)
    leaky = replace(frame, names=(*frame.names, "leaked"), rows=np.column_stack([frame.rows, leaked]))
    assert compare_auc(leaky, out_of_fold(leaky, SEED), p).standard_errors > MAX_STANDARD_ERRORS
    assert compare_log_loss(leaky, p, SEED).standard_errors > MAX_STANDARD_ERRORS


@pytest.fixture(scope="module")
def cinema(tmp_path_factory: pytest.TempPathFactory) -> tuple[Frame, np.ndarray]:
    """Trials of a small simulated cinema, with features from the billing export by each date, and the truth."""
    raw, truth, _ = write_sample(tmp_path_factory.mktemp("cinema"), users=4000, months=8)
    true_states = states(truth)
    trials = true_states[(true_states["population"] == "trial") & true_states["left"].notna()].reset_index(drop=True)
    books = table(raw, "subscriptions.csv.gz", "price")
    begun = books[books["event_type"] == "trial_started"]
    begun = begun.assign(at=pd.to_datetime(begun["event_at"].str[:19]))[["user_id", "at", "price", "trial_kind"]]
    both = trials.assign(row=trials.index).merge(begun, on="user_id")
    last = both[both["at"] < both["as_of"]].sort_values("at").groupby("row").tail(1).sort_values("row")
    columns = {
        "price": last["price"].astype(float),
        "opt_in": (last["trial_kind"] == "opt_in").astype(float),
        "age": (last["as_of"] - last["at"]).dt.total_seconds() / 86_400,
        "already_off": last["already_cancelled"].astype(float),
    }
    frame = Frame(
        tuple(columns), np.column_stack(list(columns.values())), last["left"].to_numpy().astype(int),
        last["user_id"].to_numpy(), last["as_of"].to_numpy().astype("datetime64[D]"),
    )  # fmt: skip
    return frame, probabilities(true_states, frame)


@pytest.mark.slow
def test_the_billing_export_of_the_cinema_leaks_no_later_event(cinema: tuple[Frame, np.ndarray]):
    frame, p = cinema
    assert len(frame) > 300
    assert abs(compare_auc(frame, out_of_fold(frame, SEED), p).standard_errors) < MAX_STANDARD_ERRORS + 1
    assert compare_log_loss(frame, p, SEED).standard_errors < MAX_STANDARD_ERRORS + 1


@pytest.mark.slow
def test_a_price_that_reveals_the_purchase_is_found(cinema: tuple[Frame, np.ndarray]):
    """An earlier simulator had this fault: people who do not buy kept the price before the rise."""
    frame, p = cinema
    raised = np.round(frame.rows[:, 0] / 1.2, 2)
    never = (frame.rows[:, 1] == 1) & (frame.labels == 1)
    leaky = replace(frame, rows=np.column_stack([np.where(never, raised, frame.rows[:, 0]), frame.rows[:, 1:]]))
    assert compare_log_loss(leaky, p, SEED).standard_errors > MAX_STANDARD_ERRORS
    assert compare_auc(leaky, out_of_fold(leaky, SEED), p).standard_errors > MAX_STANDARD_ERRORS
