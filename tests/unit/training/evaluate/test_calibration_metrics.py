"""Calibration figures are scikit-learn's, and a Newton step from the fit is as good as fitting again."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from training.evaluate.bootstrap import entity_weights, estimate
from training.evaluate.calibration_metrics import Calibration
from training.evaluate.metrics import calibration_error

Sample = tuple[NDArray[np.int_], NDArray[np.float64]]


def sample(n: int = 3000, slope: float = 0.8, shift: float = -0.3) -> Sample:
    """Outcomes of log-odds that are `slope` times and `shift` more than what was said."""
    rng = np.random.default_rng(7)
    margin = rng.normal(-1.5, 1.2, n)
    return (rng.random(n) < expit(slope * margin + shift)).astype(int), expit(margin)


def test_values_are_those_of_scikit_learn():
    labels, probability = sample()
    result = Calibration(labels, probability)(np.ones((1, len(labels))))
    assert result["log_loss"][0] == pytest.approx(log_loss(labels, probability), rel=1e-12)
    assert result["brier"][0] == pytest.approx(brier_score_loss(labels, probability), rel=1e-8)
    assert result["calibration_error"][0] == pytest.approx(calibration_error(labels, probability), rel=1e-8)
    assert result["calibration_gap"][0] == pytest.approx(probability.mean() - labels.mean(), rel=1e-8)


def test_every_replicate_equals_a_full_fit():
    labels, probability = sample()
    entity = np.arange(len(labels)) // 2
    result = estimate({"own": Calibration(labels, probability)}, entity, seed=1)["own"]
    weights = next(entity_weights(entity, seed=1))[:20]
    margin = logit(probability).reshape(-1, 1)
    repeated = [LogisticRegression(C=1e6).fit(margin, labels, sample_weight=item).coef_[0, 0] for item in weights]
    draws = result["calibration_slope"].draws
    assert np.abs(draws[:20] - repeated).max() < 0.1 * draws.std()
    for item, offset in zip(weights, result["calibration_intercept"].draws, strict=False):
        expected, left = np.average(expit(logit(probability) + offset), weights=item), np.average(labels, weights=item)
        assert expected == pytest.approx(left, abs=0.1 * labels.std() / np.sqrt(len(labels)))
    losses = [log_loss(labels, probability, sample_weight=item) for item in weights]
    assert result["log_loss"].draws[:20] == pytest.approx(losses, rel=1e-5)


def test_slope_and_intercept_of_the_simulation_are_recovered():
    labels, probability = sample(n=20_000, slope=0.8, shift=0.0)
    result = Calibration(labels, probability)(np.ones((1, len(labels))))
    assert result["calibration_slope"][0] == pytest.approx(0.8, abs=0.04)
    labels, probability = sample(n=20_000, slope=1.0, shift=-0.3)
    result = Calibration(labels, probability)(np.ones((1, len(labels))))
    assert result["calibration_intercept"][0] == pytest.approx(-0.3, abs=0.06)


def test_the_interval_of_the_error_holds_the_value_even_where_all_of_it_is_noise():
    labels, probability = sample(n=2000, slope=1.0, shift=0.0)
    result = estimate({"own": Calibration(labels, probability)}, np.arange(2000), seed=1)["own"]["calibration_error"]
    assert result.interval().low > 0.8 * float(result.value)  # drawn again, noise adds to noise
    centred = result.centred()
    assert 0 <= centred.low < centred.value < centred.high


@pytest.mark.parametrize(
    ("probability", "labels"),
    [
        pytest.param([0.3] * 40, [0, 0, 1, 0] * 10, id="one probability for all"),
        pytest.param([0.0] * 20 + [1.0] * 20, [0] * 20 + [1] * 20, id="certain and right"),
        pytest.param([0.1] * 20 + [0.9] * 20, [0] * 20 + [1] * 20, id="separated"),
    ],
)
def test_rows_that_cannot_be_fitted_have_finite_figures(probability: list[float], labels: list[int]):
    result = estimate({"own": Calibration(np.array(labels), np.array(probability))}, np.arange(40), seed=1)["own"]
    for name, item in result.items():
        text = item.interval()
        assert np.isfinite([text.value, text.low, text.high]).all(), name


def test_one_class_has_no_intercept():
    result = Calibration(np.zeros(30, dtype=int), np.linspace(0.1, 0.9, 30))(np.ones((1, 30)))
    assert np.isnan(result["calibration_intercept"][0])
    assert result["brier"][0] > 0
