"""The input of the gate in a simulated promotion: every check passes, except those of the drawn figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from registry import Case
from training.evaluate.bootstrap import Interval

DATES = ["2026-06-01", "2026-07-01", "2026-08-01"]
DIGEST = "abcdef0123456789"
WINDOWS = {
    "development": {"first": "2025-08-01", "last": "2026-04-01", "labels_until": "2026-05-03"},
    "out_of_time": {"first": DATES[0], "last": DATES[-1], "labels_until": "2026-09-02"},
}
SOUND = {"value": 0.1, "low": 0.1, "high": 0.1}
LEAKS = ("label_windows", "order", "single_feature", "label_permutation", "too_good_rules")


def case(
    model: str,
    rows: int,
    left: int,
    auc: Interval,
    production: Interval,
    bootstrap: Interval,
    delong: Interval,
    slices: Sequence[Mapping[str, Any]] = (),
) -> Case:
    """Build the gate's input with these measured figures.

    Args:
        model: registered name, for which the policy has a margin.
        rows: number of rows that both models scored.
        left: number of churned rows.
        auc: AUC of the challenger.
        production: AUC of the model in production.
        bootstrap: paired difference of the AUCs, by the bootstrap over people.
        delong: the same difference, by DeLong's variance.
        slices: the same difference in slices, as recorded in the evidence.
    """
    evidence = _evidence(model, rows, left, auc)
    measured = {
        "schema": 1,
        "version": "2",
        "digest": "0011223344556677",
        "as_of": "2026-09-30",
        "rows": {"dates": DATES, "digest": DIGEST, "rows": rows, "left": left, "matured_until": "2026-09-02"},
        "auc": auc.json(),
        "versus": {
            "version": "1",
            "digest": "7766554433221100",
            "auc": production.json(),
            "bootstrap": bootstrap.json(),
            "delong": delong.json(),
            "slices": list(slices),
        },
        "moved": {"rank_correlation": 0.9, "top": 100, "entered": 10, "withdrawn": 10},
        "features_missing": [],
        "outputs_missing": [],
        "parity": {"rows": 1000, "pyfunc": 0.0, "spark": 0.0, "texts": []},
        "bytes": 1_000_000,
        "ms_per_1000_rows": 50.0,
    }
    return Case(evidence, evidence, first=False, measured=measured, version_number="2", production_number="1")


def _evidence(model: str, rows: int, left: int, auc: Interval) -> dict[str, Any]:
    named = ("average_precision", "log_loss", "brier", "calibration_gap", "calibration_slope", "calibration_intercept")
    return {
        "schema": 2,
        "model": model,
        "family": "catboost",
        "code": "0123456789abcdef",
        "packages": {"catboost": "1"},
        "data": {
            "digest": "0123456789abcdef",
            "out_of_time_digest": DIGEST,
            "development": ["2025-08-01", "2026-04-01"],
            "out_of_time": DATES,
            "embargo_days": 32,
            "windows": WINDOWS,
            "out_of_time_rows": rows,
            "out_of_time_left": left,
        },
        "metrics": {
            "auc": auc.json(),
            "calibration_error": {"value": 0.01, "low": 0.01, "high": 0.01},
            **dict.fromkeys(named, SOUND),
        },
        "baselines": {"recency": SOUND, "logistic": {"value": 0.0, "low": -0.001, "high": 0.001}},
        "leaks": [{"check": name, "passed": True, "sentence": "Nothing was found."} for name in LEAKS],
        "slices": [],
    }
