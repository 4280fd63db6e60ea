"""A simulated promotion has the same intervals as a real one, and equal figures draw equal pictures."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gate import gate, gate_picture
from benchmarks.gate.gate import SEED, Sample
from benchmarks.gate.gate_case import case
from benchmarks.gate.gate_picture import PromotionShare
from registry import Policy, decide
from training import Frame, compare_models
from training.evaluate.bootstrap import Interval, entity_weights

SMALL = Sample("small", "churn_trial", 900, 300, 500, auc=0.8, score_correlation=0.99, person_correlation=0.5)


def test_a_simulated_promotion_has_the_intervals_of_a_real_one():
    labels, entity, _ = gate._people(SMALL)
    challenger_scores, production_scores = gate._scores(SMALL, 0.02, np.random.default_rng([SEED, 3, 1_020_000]))
    day = np.repeat(np.array([date(2026, 1, 1)], dtype="datetime64[D]"), 900)
    frame = Frame((), np.empty((900, 0)), labels, entity, day)
    real = compare_models(frame, challenger_scores, production_scores, (), SEED)
    drawn = gate._case(SMALL, 0.02, 3, list(entity_weights(entity, SEED))).measured
    assert drawn is not None
    assert (real.bootstrap, real.delong) != (None, None)
    for name in ("bootstrap", "delong", "auc"):
        wanted = {"bootstrap": real.bootstrap, "delong": real.delong, "auc": real.production_auc}[name]
        assert wanted is not None
        assert drawn["versus"][name] == pytest.approx(wanted.json(), abs=1e-12)
    assert drawn["auc"] == pytest.approx(real.auc.json(), abs=1e-12)


@pytest.mark.parametrize(("low", "accepted"), [(-0.0075, True), (-0.0076, False)])
def test_only_the_difference_decides_a_simulated_promotion(low: float, accepted: bool):
    gap, area = Interval(0.0, low, 0.01), Interval(0.8, 0.79, 0.81)
    for pair in ((gap, Interval(0.0, 0.0, 0.0)), (Interval(0.0, 0.0, 0.0), gap)):
        decision = decide(case("m", 900, 300, area, area, *pair), Policy())
        assert decision.accepted is accepted, decision.reasons


def test_equal_figures_draw_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shares = [PromotionShare(-0.01, 3, 100), PromotionShare(0.0, 97, 100), PromotionShare(0.01, 100, 100)]
    drawn = []
    for turn in ("one", "two"):
        monkeypatch.setattr(gate_picture, "PATH", tmp_path / turn)
        gate_picture.draw({"paid": (0.0075, shares), "trial": (0.012, shares)})
        drawn.append((tmp_path / turn).read_bytes())
    assert drawn[0] == drawn[1]
    assert b"<dc:date>" not in drawn[0]


def test_a_share_has_its_exact_interval():
    none, all_of_them = PromotionShare(0.0, 0, 1000), PromotionShare(0.0, 1000, 1000)
    assert (none.low, round(none.high, 4)) == (0.0, 0.0037)
    assert (round(all_of_them.low, 4), all_of_them.high) == (0.9963, 1.0)
