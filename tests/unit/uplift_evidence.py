"""Sound evidence and measurements of a response model, for several unit tests."""

from copy import deepcopy
from typing import Any

UPLIFT_EVIDENCE: dict[str, Any] = {
    "schema": 1,
    "kind": "uplift",
    "run_id": "f00d",
    "bundle_sha256": "b" * 64,
    "project": "shop",
    "population": "uplift",
    "model": "shop_uplift",
    "learner": "dr_linear",
    "description": "linear models of doubly robust pseudo-outcomes",
    "constant": False,
    "chosen": "dr_linear",
    "sentence": "The learner dr_linear keeps +1.20 points more people than one effect for everybody.",
    "code": "fedcba9876543210",
    "commit": "8861388",
    "packages": {"xgboost-cpu": "3.2.0"},
    "data": {
        "digest": "0123456789abcdef",
        "judged_digest": "abcdef0123456789",
        "validation": "out of time",
        "development": ["c1", "c2", "c3"],
        "judged": ["c4", "c5"],
        "development_rows": 9_000,
        "judged_rows": 4_000,
        "development_dates": ["2025-01-01", "2025-03-01"],
        "judged_dates": ["2025-04-01", "2025-05-01"],
        "judged_left": 500,
        "judged_people": 3_500,
        "rows_by_arm": {"control": 1_500, "email_none_1": 1_300, "sms_discount_1": 1_200},
    },
    "gain": {
        "area": {"value": 0.02, "low": 0.01, "high": 0.03},
        "over_constant": {"value": 0.012, "low": 0.004, "high": 0.02},
        "order": {"value": 0.008, "low": 0.001, "high": 0.015},
        "all": {"value": 0.03, "low": 0.015, "high": 0.045},
    },
    "average_effects": {
        "email_none_1": {"value": 0.01, "low": -0.005, "high": 0.025},
        "sms_discount_1": {"value": 0.02, "low": 0.002, "high": 0.038},
    },
    "qini": {"email_none_1": {"qini": {"value": 0.05, "low": 0.01, "high": 0.09}}, "sms_discount_1": {}},
    "calibration": {
        "slope": {"value": 0.9, "low": 0.4, "high": 1.4},
        "gap": {"value": 0.002, "low": -0.01, "high": 0.014},
        "tenths": [],
    },
    "design": {
        "sample_ratio": {"p_value": 0.4, "campaign": "all"},
        "balance": {"p_value": 0.6, "feature": "visits", "action": "email_none_1", "comparisons": 400},
        "contamination": {"share": 0.01, "other_campaigns": 0.3, "days": 30},
    },
    "placebo": {"value": 0.0, "low": -0.01, "high": 0.01},
    "candidates": [
        {
            "name": "dr_linear",
            "description": "linear models",
            "slope": 0.8,
            "development": {"value": 0.01, "low": 0.004, "high": 0.016},
            "judged": {"value": 0.012, "low": 0.004, "high": 0.02},
        }
    ],
    "failures": {},
}

UPLIFT_MEASURED: dict[str, Any] = {
    "schema": 1,
    "project": "shop",
    "population": "uplift",
    "version": "2",
    "digest": "0011223344556677",
    "features_missing": [],
    "outputs_missing": [],
    "rows": {"campaigns": ["c4", "c5"], "digest": "abcdef0123456789", "rows": 4_000},
    "area": {"value": 0.02, "low": 0.01, "high": 0.03},
    "versus": {
        "version": "1",
        "digest": "7766554433221100",
        "area": {"value": 0.015, "low": 0.005, "high": 0.025},
        "difference": {"value": 0.005, "low": -0.004, "high": 0.014},
    },
    "parity": {"rows": 4_000, "pyfunc": 0.0},
    "bytes": 1_000_000,
    "ms_per_1000_rows": 20.0,
}


def changed(content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with other values; `gain__area__low=0.5` changes a nested one."""
    copy = deepcopy(content)
    for path, value in changes.items():
        *above, last = path.split("__")
        place = copy
        for key in above:
            place = place[key]
        place[last] = value
    return copy
