"""Two versions are drawn side by side, whatever their scores are."""

import warnings
from datetime import date

import numpy as np
from matplotlib.text import Text

from tests.unit.builders import frame, measured
from training.evaluate.metrics import Floats
from training.report.comparison_pictures import Pair, comparison_gallery, pngs

FRAME = frame([date(1997, 5, 1)], entities=60)
RISK = FRAME.rows[:, 0] / 250


def pair(challenger: Floats, production: Floats) -> Pair:
    return Pair(FRAME.labels, challenger, production, FRAME.entity, ("version 2", "version 1"))


ZERO = {"value": 0.0, "low": 0.0, "high": 0.0}


def test_scores_without_an_order_are_drawn_without_a_warning():
    constant = pair(np.full(len(RISK), 0.2), np.zeros(len(RISK)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = pngs(comparison_gallery(constant, measured(versus__bootstrap=ZERO, versus__delong=ZERO), 0.005), dpi=20)
    assert list(drawn) == ["auc", "moved", "calibration", "scores"]
    assert all(png.startswith(b"\x89PNG") for png in drawn.values())


def test_they_say_the_measured_figures():
    drawn = dict(comparison_gallery(pair(RISK, RISK**2), measured(), 0.005))
    texts = {name: [item.get_text() for item in figure.findobj(Text)] for name, figure in drawn.items()}
    assert {"0.7800 (0.7700 to 0.7900)", "+0.0050 (+0.0010 to +0.0090)", "allowed: -0.005"} <= set(texts["auc"])
    assert {"90 enter the riskiest tenth", "90 leave it"} <= set(texts["moved"])
    assert "version 2" in texts["calibration"]
    assert f"{FRAME.labels.mean():.1%} left" in texts["scores"]
