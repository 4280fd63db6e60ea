"""The note of a run holds the five figures that matter, and nothing of it can break the page it stands on."""

from typing import Any

import pytest

from tests.unit.builders import by_entity, evidence
from training.report.run_note import point_differences, run_note

ABOUT: dict[str, Any] = evidence(data__development_rows=40_000)
METRICS = {**ABOUT["metrics"], "recall_at_10pct": {"value": 0.31}}


def note(**changes: Any) -> str:
    arguments = {"results": {"metrics": METRICS}, "about": ABOUT, "baselines": ABOUT["baselines"]}
    return run_note(**{**arguments, **changes})


def test_the_note_has_five_figures():
    assert note().splitlines() == [
        "- **ROC-AUC, out of time**: 0.7800 (0.7700 to 0.7900)",
        "- **Against baselines**: +0.0500 (+0.0400 to +0.0600) on recency; +0.0100 (+0.0020 to +0.0180) on logistic",
        "- **Calibration**: error 0.0200 (0.0100 to 0.0300); slope 1.03 (0.97 to 1.09) "
        "(1 is best, below 1 overconfident)",
        "- **The riskiest 10%**: recall 0.310, 3.1 times that of a random tenth",
        "- **Data**: 10,000 rows of 1998-03-01, 1998-04-01, 6,000 left; fitted on 40,000 rows up to 1997-06-01",
    ]


def test_a_stratified_holdout_has_no_dates():
    lines = note(about=by_entity(development_rows=40_000)).splitlines()
    assert lines[0] == "- **ROC-AUC, held out**: 0.7800 (0.7700 to 0.7900)"
    assert lines[-1] == (
        "- **Data**: 10,000 rows of people held out, 6,000 left; fitted on 40,000 rows of others; validated by "
        "entity, not out of time"
    )


def test_a_figure_is_shown_with_its_interval():
    recall = {"value": 0.31, "low": 0.29, "high": 0.33}
    text = note(results={"metrics": {**METRICS, "recall_at_10pct": recall}})
    assert "recall 0.310 (0.290 to 0.330), 3.1 times" in text


def test_a_candidate_is_compared_with_the_other_baselines():
    results = [
        {"name": name, "baseline": baseline, "metrics": {"auc": {"value": auc}}}
        for name, baseline, auc in (("recency", True, 0.6), ("logistic", True, 0.7), ("catboost", False, 0.75))
    ]
    differences = {name: point_differences(name, results) for name in ("catboost", "recency")}
    assert differences["catboost"] == {
        "recency": {"value": pytest.approx(0.15)},
        "logistic": {"value": pytest.approx(0.05)},
    }
    assert differences["recency"] == {"logistic": {"value": pytest.approx(-0.1)}}
    assert "- **Against baselines**: -0.1000 on logistic\n" in note(baselines=differences["recency"])
    assert "- **Against baselines**: it is the only baseline\n" in note(baselines={})
