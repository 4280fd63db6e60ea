"""The way of calibrating is chosen on people left out, and never changes the ranking."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from training.models.calibration import (
    WAYS,
    beta,
    choose_calibration,
    isotonic,
)
from training.models.churn_model import calibrate

RNG = np.random.default_rng(3)
MARGIN = RNG.normal(0, 1.5, 4_000)
PEOPLE = np.arange(4_000) // 2
DRAW = RNG.random(4_000)


def sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-log_odds))


def stairs(margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two plateaus: no sigmoid and no beta curve can follow."""
    return np.where(margin > 1, 0.9, np.where(margin > -1, 0.5, 0.1))


TRUTHS: dict[str, Any] = {
    "identity": sigmoid(MARGIN),
    "platt": sigmoid(0.5 * MARGIN - 1),
    "beta": sigmoid(3 * np.logaddexp(0, MARGIN) - 0.2 * np.logaddexp(0, -MARGIN) - 2),
    "isotonic": stairs(MARGIN),
}


@pytest.mark.parametrize("kind", WAYS)
def test_the_calibration_kind_of_the_simulation_is_chosen(kind: str):
    result = choose_calibration(MARGIN, (TRUTHS[kind] > DRAW).astype(int), PEOPLE)
    assert result["kind"] == kind
    assert np.abs(calibrate(MARGIN, result) - TRUTHS[kind]).mean() < 0.03


@pytest.mark.parametrize("kind", WAYS)
@pytest.mark.parametrize("truth", WAYS)
def test_every_way_keeps_the_order_strictly_and_stays_between_0_and_1(kind: str, truth: str):
    fitted = {"kind": kind, **WAYS[kind](MARGIN, (TRUTHS[truth] > DRAW).astype(int))}
    probability = calibrate(np.linspace(-8, 8, 500), fitted)
    assert (np.diff(probability) > 0).all()
    assert probability.min() > 0
    assert probability.max() < 1


def test_beta_calibration_has_no_negative_slope():
    humped = sigmoid(np.where(MARGIN > 0, 2 - 0.5 * MARGIN, 2 + 3 * MARGIN))
    fitted = beta(MARGIN, (humped > DRAW).astype(int))
    assert fitted["b"] == 0.0 < fitted["a"]


def test_isotonic_points_are_those_of_the_library_at_the_middle_of_its_steps():
    labels = np.array([0, 1, 0, 1, 1])
    fitted = isotonic(np.array([-2.0, -1.0, 0.0, 1.0, 3.0]), labels)
    assert fitted["y"] == [0.0, 0.5, 1.0]
    assert fitted["x"] == [-2.0, -0.5, 2.0]


def test_rows_of_one_person_are_not_many_proofs():
    labels = (TRUTHS["beta"] > DRAW).astype(int)[:100]
    many = np.repeat(np.arange(100), 20)
    once = choose_calibration(MARGIN[:100], labels, np.arange(100))
    assert choose_calibration(MARGIN[many], labels[many], many)["kind"] == once["kind"]


def test_a_class_that_only_one_group_has_leaves_platts_sigmoid():
    labels = np.zeros(4_000, dtype=int)
    labels[:2] = 1
    assert choose_calibration(MARGIN, labels, PEOPLE)["kind"] == "platt"
