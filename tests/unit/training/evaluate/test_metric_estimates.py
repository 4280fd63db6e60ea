"""Figures of some of the rows are those of these rows alone."""

import numpy as np

from training.evaluate.bootstrap import estimate
from training.evaluate.metric_estimates import Figures, with_intervals

RNG = np.random.default_rng(2)
LABELS = RNG.integers(0, 2, 300)
#: many equal probabilities.
PROBABILITY = np.round(0.3 + 0.2 * LABELS + RNG.normal(0, 0.1, 300), 1).clip(0.1, 0.9)
OWN = np.arange(0, 300, 3)


def test_rows_that_do_not_count_change_nothing():
    apart = Figures(LABELS[OWN], PROBABILITY[OWN], curve=True)(np.ones((1, len(OWN))))
    among = Figures(LABELS, PROBABILITY, OWN, curve=True)(np.ones((1, 300)))
    assert set(apart) == set(among)
    for name in apart:
        np.testing.assert_allclose(apart[name], among[name], rtol=1e-12, err_msg=name)


def test_every_figure_is_reported_except_the_curve():
    result = estimate({"own": Figures(LABELS, PROBABILITY, curve=True)}, np.arange(300) // 2, seed=1)["own"]
    assert result["found"].draws.shape == (2000, 100)
    assert set(result) - set(with_intervals(result)) == {"contacted", "found"}
    short = estimate({"own": Figures(LABELS, PROBABILITY)}, np.arange(300) // 2, seed=1)["own"]
    assert with_intervals(short) == with_intervals(result)
