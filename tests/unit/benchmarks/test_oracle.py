"""No honest model ranks better than the true probabilities; a model that does has a leak."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from benchmarks.models.oracle import agreement, compare, probabilities
from training import Frame

DAYS = (date(2026, 3, 1), date(2026, 4, 1))


@pytest.fixture(scope="module")
def drawn() -> tuple[Frame, np.ndarray]:
    """Rows whose labels are drawn from given probabilities; the only feature shows one of their two causes."""
    rng = np.random.default_rng(5)
    shown, hidden = rng.normal(size=(2, 8000))
    truth = 1 / (1 + np.exp(2.5 - 1.2 * shown - 0.8 * hidden))
    frame = Frame(
        names=("shown",),
        rows=shown.reshape(-1, 1),
        labels=(rng.random(8000) < truth).astype(int),
        entity=np.array([f"u{n % 4000:07}" for n in range(8000)], dtype=object),
        as_of=np.repeat(np.array(DAYS, dtype="datetime64[D]"), 4000),
    )
    return frame, truth


def test_an_honest_model_is_below_the_oracle(drawn: tuple[Frame, np.ndarray]):
    frame, truth = drawn
    verdict = compare(frame, frame.rows[:, 0], truth)
    assert verdict.model < verdict.oracle
    assert not verdict.leak


def test_the_oracle_compared_with_itself_is_no_leak(drawn: tuple[Frame, np.ndarray]):
    frame, truth = drawn
    assert not compare(frame, truth, truth).leak


@pytest.mark.parametrize("peeked", [0.5, pytest.param(1.0, marks=pytest.mark.slow)])
def test_a_model_with_future_information_is_found(drawn: tuple[Frame, np.ndarray], peeked: float):
    frame, truth = drawn
    verdict = compare(frame, np.log(truth / (1 - truth)) + peeked * frame.labels, truth)
    assert verdict.leak
    assert verdict.model - verdict.oracle > 2 * verdict.standard_error


def test_rows_are_joined_to_the_truth_by_person_and_date_and_differences_are_counted(drawn: tuple[Frame, np.ndarray]):
    frame, truth = drawn
    truth_rows = pd.DataFrame({
        "user_id": frame.entity, "as_of": pd.to_datetime(frame.as_of), "population": "paid", "probability": truth,
        "left": frame.labels.astype(float),
    })  # fmt: skip
    shuffled = truth_rows.sample(frac=1, random_state=1)
    assert np.array_equal(probabilities(shuffled, frame), truth)
    shuffled.iloc[0, shuffled.columns.get_loc("left")] = 1 - shuffled["left"].iloc[0]
    fewer = frame.only(np.arange(len(frame)) >= 3)
    assert agreement(shuffled, fewer, "paid", list(DAYS)) == {
        "in both": 7997, "in the truth only": 3, "in the lake only": 0, "labels that differ": 1,
    }  # fmt: skip
