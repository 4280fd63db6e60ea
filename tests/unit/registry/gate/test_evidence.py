"""An evidence file is parsed strictly."""

from typing import Any

import pytest

from registry import parse
from registry.gate.evidence import EvidenceError
from tests.unit.builders import evidence


def test_fields_have_the_values_of_the_file():
    read = parse(evidence())
    assert (read.family, read.metrics.auc.low, read.baselines["recency"].value) == ("catboost", 0.77, 0.05)
    assert read.data.out_of_time == ["1998-03-01", "1998-04-01"]


def test_unknown_fields_are_ignored():
    assert parse(evidence(remark="fitted at night")).model == "shop_churn"


def test_a_whole_number_counts_as_a_number():
    assert parse(evidence(metrics__log_loss={"value": 1, "low": 0, "high": 2})).metrics.log_loss.value == 1.0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"schema": 1}, "schema", id="written by an earlier release"),
        pytest.param({"metrics__log_loss": 0.5}, "metrics.log_loss", id="a number without its interval"),
        pytest.param({"metrics__log_loss__low": "0.5"}, "metrics.log_loss.low", id="a number as text"),
        pytest.param({"metrics__log_loss__low": True}, "metrics.log_loss.low", id="a yes for a number"),
        pytest.param({"metrics__log_loss__low": -0.1}, "metrics.log_loss", id="a negative loss"),
        pytest.param({"metrics__calibration_gap__high": 1.1}, "metrics.calibration_gap", id="off by more than all"),
        pytest.param({"leaks": []}, "leaks", id="no check for leaks"),
        pytest.param({"leaks": [{"check": "order", "passed": 1, "sentence": "x"}]}, "leaks.0.passed", id="a 1 for yes"),
        pytest.param({"slices": [{"slice": "a", "range": "b", "rows": 9, "left": 3}]}, "slices.0", id="no word why"),
        pytest.param(
            {"slices": [{"slice": "a", "range": "b", "rows": 9, "left": 3, "auc": {"value": 0.7, "low": 0.6}}]},
            "slices.0.auc.high",
            id="half an interval",
        ),
        pytest.param({"packages": {}}, "packages", id="made of no package"),
        pytest.param(
            {"data__windows__development__labels_until": "1998-03-02"},
            "data.windows",
            id="labels that look at the judge",
        ),
        pytest.param(
            {"data__windows__out_of_time__last": "1998-02-01"}, "data.windows.out_of_time", id="a window turned round"
        ),
        pytest.param(
            {"data__windows__out_of_time__first": 20260101}, "data.windows.out_of_time.first", id="a date as a number"
        ),
        pytest.param({"data__embargo_days": 0}, "data.embargo_days", id="no embargo"),
        pytest.param({"data__embargo_days": 90.5}, "data.embargo_days", id="half a day"),
        pytest.param({"data__out_of_time_left": -1}, "data.out_of_time_left", id="a negative count"),
        pytest.param({"data__out_of_time_rows": 0}, "data.out_of_time_rows", id="judged on nothing"),
        pytest.param({"data__development": []}, "data.development", id="fitted on no date"),
        pytest.param({"data__out_of_time": []}, "data.out_of_time", id="judged on no date"),
        pytest.param({"data__out_of_time": [float("nan")]}, "data.out_of_time.0", id="a date that is NaN"),
        pytest.param({"data__digest": "abc"}, "data.digest", id="a digest of three letters"),
        pytest.param({"baselines__recency__low": float("-inf")}, "baselines.recency.low", id="minus infinity"),
    ],
)
def test_the_first_invalid_field_is_named(changes: dict[str, Any], field: str):
    with pytest.raises(EvidenceError) as caught:
        parse(evidence(**changes))
    assert str(caught.value).startswith(f"{field}: ")
