"""The gate compares with production on the same rows, and checks the version that scoring would load."""

import re
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import Case, Check, Decision, Policy, decide
from tests.unit.builders import by_entity, evidence, measured, measured_first


def judge(policy: Policy | None = None, **changes: Any) -> Decision:
    """Decision on a sound challenger and a version in production, with some measurements replaced."""
    return decide(
        Case(evidence(), evidence(), first=False, measured=measured(**changes)), policy or Policy(margin=0.01)
    )


def refusals(decision: Decision) -> list[str]:
    return [check.name for check in decision.checks if not check.passed]


def check_named(decision: Decision, name: str) -> Check:
    return next(check for check in decision.checks if check.name == name)


def gap(low: float, value: float = 0.0, high: float = 0.02) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def one_slice(**changes: Any) -> list[dict[str, Any]]:
    return [{"slice": "tenure", "range": "below 30", "rows": 900, "left": 90, "difference": gap(-0.02), **changes}]


def test_a_sound_challenger_replaces_production_and_every_check_says_why():
    decision = judge()
    assert decision.accepted
    assert [check.name for check in decision.checks][7:12] == [
        "rows", "repeats", "versus_production", "versus_production_delong", "slices_versus_production",
    ]  # fmt: skip
    assert "On the same rows" in check_named(decision, "versus_production").sentence
    assert all(check.sentence.endswith(".") for check in decision.checks)


def test_a_decision_holds_the_whole_policy():
    text = judge(Policy(version=7, margin=0.004)).json()
    assert (text["policy_version"], text["policy"]["margin"], text["policy"]["lowest_auc"]) == (7, 0.004, 0.70)


@pytest.mark.parametrize(
    ("changes", "refused", "expected"),
    [
        pytest.param({"versus__bootstrap": gap(-0.01)}, [], "At most 0.01 lower", id="at the margin"),
        pytest.param({"versus__bootstrap": gap(-0.0101)}, ["versus_production"], "may be more", id="beyond it"),
        pytest.param({"versus__bootstrap": gap(0.0, 0.0, 0.0)}, [], r"people\)\. No difference", id="the same model"),
        pytest.param({"versus__delong": gap(-0.0101)}, ["versus_production_delong"], "DeLong.*may be", id="by DeLong"),
        pytest.param({"versus__bootstrap": gap(-0.03, -0.02, -0.01)}, ["versus_production"], "Lower with 95%",
                     id="worse"),
        pytest.param({"versus": None, "moved": None}, ["versus_production", "versus_production_delong"],
                     "was not compared with", id="not compared"),
        pytest.param({"versus__slices": one_slice(difference=gap(-0.05, -0.03, -0.0101))},
                     ["slices_versus_production"], "tenure below 30", id="worse in a slice"),
        pytest.param({"versus__slices": one_slice(difference=gap(-0.05, -0.03, -0.01))}, [], "In none of 1 slices",
                     id="perhaps worse in a slice"),
        pytest.param({"versus__slices": one_slice(difference=None)}, [], "No slice has enough rows", id="too few rows"),
        pytest.param({"auc": gap(0.77, 0.7821, 0.79)}, ["repeats"], "above the maximum of 0.002", id="another AUC"),
        pytest.param({"auc": gap(0.77, 0.7819, 0.79)}, [], "within the maximum of 0.002", id="nearly the same AUC"),
        pytest.param({"rows__digest": "9999999999999999"}, [], "data was corrected since.*above the minimum",
                     id="corrected data"),
        pytest.param({"rows__digest": "9999999999999999", "auc": gap(0.69, 0.75, 0.8)}, ["repeats"],
                     "below the minimum of 0.70", id="too weak on corrected data"),
        pytest.param({"rows__digest": "9999999999999999", "rows__dates": ["1998-04-01"]}, [],
                     "Rows of 1998-03-01 are left out", id="dates of production's labels left out"),
        pytest.param({"rows__dates": ["1997-05-01", "1998-04-01"]}, ["rows"], "may be trained on the rows of 1997",
                     id="rows that it was fitted on"),
        pytest.param({"features_missing": ["a"]}, ["signature"], "needs a, but", id="a missing feature"),
        pytest.param({"outputs_missing": ["b"]}, ["signature"], "not return b, which", id="a missing output"),
        pytest.param({"parity__pyfunc": 1.1e-9}, ["parity_pyfunc"], "above the maximum", id="another probability"),
        pytest.param({"parity__spark": 0.5}, ["parity_spark"], "Spark UDF differs", id="the UDF returns the class"),
        pytest.param({"parity__spark": 1e-9}, [], "within the maximum of 1e-09", id="at the tolerance"),
        pytest.param({"as_of": "1998-08-31"}, [], "end 62 days before", id="labels of the maximum age"),
        pytest.param({"as_of": "1998-09-01"}, ["freshness"], "above the maximum of 62", id="too old labels"),
        pytest.param({"as_of": "1998-06-29"}, ["freshness"], "after the end of the data", id="labels of the future"),
        pytest.param({"as_of": None}, ["freshness"], "age of the labels is unknown", id="no date"),
        pytest.param({"bytes": 100_000_000}, [], "100.0 megabytes", id="the largest size"),
        pytest.param({"bytes": 100_000_001}, ["size"], "above the maximum of 100", id="too large"),
        pytest.param({"ms_per_1000_rows": 2000.0}, [], "2000 milliseconds", id="the slowest time"),
        pytest.param({"ms_per_1000_rows": 2001.0}, ["latency"], "above the maximum of 2000", id="too slow"),
    ],
)  # fmt: skip
def test_each_bound_is_exact(changes: dict[str, Any], refused: list[str], expected: str):
    decision = judge(**changes)
    assert refusals(decision) == refused
    assert any(re.search(expected, check.sentence) for check in decision.checks)
    assert decision.accepted is (refused == [])


def test_many_slices_are_tested_with_a_correction():
    """A slice 2.5 standard errors below the margin fails alone and passes among twenty."""
    looks = gap(-0.01 - 0.025 * 1.96 * 1.25, -0.01 - 0.025, -0.01 - 0.025 + 0.01 * 1.96)
    many = one_slice(difference=looks) + 19 * one_slice(range="other")
    assert refusals(judge(versus__slices=one_slice(difference=looks))) == ["slices_versus_production"]
    assert judge(versus__slices=many).accepted


def test_a_margin_for_one_model_overrides_the_common_margin():
    wide = Policy(margins={"shop_churn": 0.02})
    assert judge(wide, versus__bootstrap=gap(-0.019), versus__delong=gap(-0.019)).accepted
    assert not judge(Policy(margins={"other": 0.02}), versus__bootstrap=gap(-0.019)).accepted


def test_a_margin_of_zero_requires_a_better_model():
    assert check_named(judge(Policy(margin=0)), "versus_production").sentence.endswith("Better with 95% confidence.")
    assert not judge(Policy(margin=0), versus__delong=gap(-0.0001)).accepted


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"version_number": "3"}, "Version 2 was measured, but version 3", id="another version"),
        pytest.param({"files_sha256": "ffffffffffff"}, "Its files had SHA-256 001122334455", id="other files"),
        pytest.param({"production_number": "9"}, "with version 1, but version 9 is in", id="another production"),
        pytest.param({"measured": None, "problem": "Spark is gone."}, "the same rows: Spark is gone.", id="no measure"),
        pytest.param({"production": None}, "is unknown: it has no evidence", id="no evidence"),
        pytest.param({"production": {"data": {}}}, "unknown: data.digest: Field required", id="old evidence"),
        pytest.param({"production": by_entity()}, "not trained by dates", id="production trained on parts"),
        pytest.param({"first": True}, "No version is in production, but", id="compared with nobody"),
    ],
)  # fmt: skip
def test_files_of_different_versions_are_refused(changes: dict[str, Any], expected: str):
    case = {"challenger": evidence(), "production": evidence(), "first": False, "measured": measured()}
    decision = decide(Case(**{**case, **changes}), Policy())
    assert not decision.accepted
    assert any(expected in reason for reason in decision.reasons)


def test_rows_that_production_was_trained_on_are_refused():
    later = evidence(data__windows={
        "development": {"first": "1997-05-01", "last": "1998-02-01", "labels_until": "1998-03-02"},
        "out_of_time": {"first": "1998-04-01", "last": "1998-05-01", "labels_until": "1998-07-30"},
    })  # fmt: skip
    decision = decide(Case(evidence(), later, first=False, measured=measured()), Policy())
    assert refusals(decision) == ["rows"]
    assert "labels up to 1998-03-02, which overlap the rows of 1998-03-01" in decision.reasons[0]


@pytest.mark.parametrize(("digest", "accepted"), [("0123456789abcdef", True), ("fedcba9876543210", False)])
def test_without_dates_both_versions_must_be_trained_on_the_same_rows(digest: str, accepted: bool):
    present = measured(rows__dates=["part 9", "part 10"], rows__matured_until=None, as_of=None)
    case = Case(by_entity(), by_entity(digest=digest), first=False, measured=present)
    decision = decide(case, Policy(allow_not_out_of_time=True))
    assert decision.accepted is accepted
    assert not any(check.name == "freshness" for check in decision.checks)


@pytest.mark.parametrize(
    ("changes", "accepted", "expected"),
    [
        pytest.param({"slices": None}, False, "has no slices, but the policy requires", id="no slices"),
        pytest.param({"slices": []}, True, "No slice has enough rows", id="none declared"),
        pytest.param({"slices": [{"slice": "a", "range": "b", "rows": 99, "left": 40,
                                  "auc": {"value": 0.45, "low": 0.41, "high": 0.49}}]},
                     False, "AUC is below 0.50 (95% confidence) in a b", id="worse than chance in a slice"),
        pytest.param({"slices": [{"slice": "a", "range": "b", "rows": 99, "left": 40,
                                  "auc": {"value": 0.45, "low": 0.41, "high": 0.50}}]},
                     True, "None of 1 slices", id="perhaps chance in a slice"),
    ],
)  # fmt: skip
def test_a_slice_worse_than_chance_is_refused(changes: dict[str, Any], accepted: bool, expected: str):
    decision = decide(Case(evidence(**changes), None, first=True, measured=measured_first()), Policy())
    assert decision.accepted is accepted
    assert expected in check_named(decision, "slices").sentence
    waived = Case(evidence(**changes), None, first=True, measured=measured_first())
    assert decide(waived, Policy(lowest_slice_auc=None)).accepted


#: path -> what makes it worse: subtract or add, and where it is tried.
WORSE: dict[str, tuple[float, Any]] = {
    "versus__bootstrap__low": (-1, st.floats(-0.02, 0.0)),
    "versus__delong__low": (-1, st.floats(-0.02, 0.0)),
    "auc__low": (-1, st.floats(0.69, 0.72)),
    "parity__pyfunc": (1e-6, st.floats(0, 2e-9)),
    "parity__spark": (1e-6, st.floats(0, 2e-9)),
    "bytes": (1e9, st.integers(90_000_000, 110_000_000)),
    "ms_per_1000_rows": (1e5, st.floats(1900, 2100)),
}


@given(
    values=st.fixed_dictionaries({path: tried for path, (_, tried) in WORSE.items()}),
    path=st.sampled_from(sorted(WORSE)),
    step=st.floats(0, 0.05),
)
def test_making_any_number_worse_never_turns_a_refusal_into_an_acceptance(
    values: dict[str, Any], path: str, step: float
):
    worse = deepcopy(values)
    worse[path] += type(values[path])(WORSE[path][0] * step)
    other = {"rows__digest": "9999999999999999"}  # so that the floor is asked again
    assert judge(**other, **values).accepted or not judge(**other, **worse).accepted


def test_two_slices_with_one_name_are_both_tested():
    worse = one_slice(difference=gap(-0.05, -0.04, -0.03))
    assert refusals(judge(versus__slices=worse + one_slice())) == ["slices_versus_production"]
    assert refusals(judge(versus__slices=one_slice() + worse)) == ["slices_versus_production"]
