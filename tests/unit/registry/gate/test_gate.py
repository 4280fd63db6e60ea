"""The gate accepts sound evidence only."""

import re
from collections.abc import Iterator
from copy import deepcopy
from types import UnionType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from registry import Case, Decision, Evidence, Policy, decide
from tests.unit.builders import REFIT, by_entity, evidence, measured_first


def judge(raw: dict[str, Any] | None, policy: Policy) -> Decision:
    """Decision on the evidence of a first version, with sound measurements on the rows that the evidence names."""
    data = raw.get("data") if raw else None
    dates = data.get("out_of_time") if isinstance(data, dict) else None
    sound = measured_first(**({"rows__dates": dates} if dates else {}))
    return decide(Case(raw, None, first=True, measured=sound), policy)


def _paths(
    model: type[BaseModel], evidence_part: dict[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Path and type of every declared field of the evidence; `recency` represents any baseline.

    Fields of an optional part only where the part is present.
    """
    for name, field in model.model_fields.items():
        path, declared = (*above, field.alias or name), field.annotation
        yield path, declared
        if isinstance(declared, UnionType) and evidence_part.get(name) is not None:
            declared = declared.__args__[0]
        values = getattr(declared, "__args__", ())
        if getattr(declared, "__origin__", None) is dict and values[1] is not str:
            path, declared = (*path, "recency"), values[1]
            yield path, declared
        if isinstance(declared, type) and issubclass(declared, BaseModel):
            yield from _paths(declared, evidence_part[path[len(above)]], path)


REMOVED = object()
DAMAGES = {"removed": REMOVED, "None": None, "NaN": float("nan"), "infinite": float("inf"), "text": "a string"}


def _damaged() -> Iterator[Any]:
    for path, declared in _paths(Evidence, evidence()):
        kinds = getattr(declared, "__args__", ()) or (declared,)
        optional, text = type(None) in kinds, declared is str or declared == str | None
        for how, value in DAMAGES.items():
            if not (how == "text" and text) and not (optional and how in {"removed", "None"}):
                yield pytest.param(path, value, id=f"{'.'.join(path)} {how}")


@pytest.mark.parametrize(("path", "value"), _damaged())
def test_evidence_with_a_damaged_field_is_refused_and_the_field_is_named(path: tuple[str, ...], value: Any):
    raw = evidence()
    *above, last = path
    place = raw
    for key in above:
        place = place[key]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value

    decision = judge(raw, Policy())

    # The check of a baseline reports that it is missing.
    named = "baseline recency" if value is REMOVED and last == "recency" else ".".join(path)
    assert not decision.accepted
    assert any(named in reason for reason in decision.reasons)


def test_sound_evidence_is_accepted_and_every_check_says_why():
    decision = judge(evidence(), Policy())
    assert decision.accepted
    assert [check.name for check in decision.checks] == [
        "leaks", "auc", "versus_recency", "versus_logistic", "enough_left", "calibration", "slices",
        "rows", "repeats", "first", "version", "signature", "parity_pyfunc", "parity_spark", "parity_texts",
        "freshness", "size", "latency",
    ]  # fmt: skip
    assert len(decision.reasons) == len(decision.checks)
    assert "first version" in decision.reasons[9]


REFITS = {
    "sound": ({}, None),
    "order at the bound": ({"agreement__rank_correlation": 0.8}, None),
    "another order": ({"agreement__rank_correlation": 0.79}, "rank correlation 0.790 .* below the minimum of 0.8"),
    "mean far away": ({"agreement__shift": -0.51}, "shift of -0.51 log-odds is above the maximum of 0.5"),
    "a slice far away": ({"slices__0__shift": 1.2}, r"more than 1 log-odds in tenure below 30 \(\+1.20\)"),
    "predicts too much": ({"calibration_gap": 0.06}, "predicts 0.0600 more than observed, above the maximum of 0.05"),
    "a leak": ({"leaks__0__passed": False}, "rows of the refit failed: label_windows: Nothing was found"),
    "checks that are missing": ({"leaks": REFIT["leaks"][1:]}, "label_windows: missing"),
    "no number": ({"agreement__shift": float("nan")}, "refit.agreement.shift: must be a finite number"),
}


@pytest.mark.parametrize("case", REFITS)
def test_a_refit_must_agree_with_the_judged_model(case: str):
    changes, expected = REFITS[case]
    raw = evidence(refit=deepcopy(REFIT))
    for path, value in changes.items():
        *above, last = path.split("__")
        place = raw["refit"]
        for key in above:
            place = place[int(key) if key.isdecimal() else key]
        place[last] = value
    decision = judge(raw, Policy())
    assert decision.accepted == (expected is None)
    assert expected is None or re.search(expected, " ".join(decision.reasons))


def test_the_comparison_with_a_refit_names_the_judged_models():
    decision = judge(evidence(refit=REFIT), Policy())
    assert "The judged model was not trained on them" in " ".join(decision.reasons)


def test_no_evidence_at_all_is_refused():
    decision = judge(None, Policy())
    assert not decision.accepted
    assert decision.reasons == ["The challenger has no evidence file."]


@pytest.mark.parametrize(
    ("changes", "accepted", "expected"),
    [
        pytest.param(
            {"metrics__auc__low": 0.6999}, False, "below the minimum of 0.70", id="interval just below the floor"
        ),
        pytest.param({"metrics__auc__low": 0.70}, True, "at or above the minimum of 0.70", id="interval at the floor"),
        pytest.param(
            {"metrics__auc": {"value": 0.74, "low": 0.68, "high": 0.80}},
            False,
            "below the minimum",
            id="only the point estimate",
        ),
        pytest.param({"baselines__recency__low": 0.0}, True, "recency .*Better with 95% confidence", id="better"),
        pytest.param(
            {"baselines__recency__low": -0.0001}, False, "recency .*Not better with 95% confidence", id="perhaps worse"
        ),
        pytest.param(
            {"baselines__recency": {"value": -0.02, "low": -0.03, "high": -0.01}},
            False,
            "Lower with 95% confidence",
            id="worse",
        ),
        pytest.param({"baselines__logistic__low": -0.005}, True, "At most 0.005 lower", id="at the margin"),
        pytest.param(
            {"baselines__logistic__low": -0.0051}, False, "may be more than 0.005 lower", id="beyond the margin"
        ),
        pytest.param({"baselines": {}}, False, "no comparison with the baseline recency", id="no comparison"),
        pytest.param({"data__out_of_time_left": 199}, False, "below the minimum of 200", id="one churner too few"),
        pytest.param(
            {"data__out_of_time_left": 200}, True, "at or above the minimum of 200", id="just enough churners"
        ),
        pytest.param(
            {"metrics__calibration_error": {"value": 0.0501, "low": 0.04, "high": 0.06}},
            False,
            "above the maximum of 0.05",
            id="a large calibration error",
        ),
        pytest.param(
            {"metrics__calibration_error": {"value": 0.05, "low": 0.04, "high": 0.06}},
            True,
            "within the maximum of 0.05",
            id="a calibration error at the bound",
        ),
    ],
)
def test_each_bound_is_exact(changes: dict[str, Any], accepted: bool, expected: str):
    decision = judge(evidence(**changes), Policy())
    assert decision.accepted is accepted
    assert any(re.search(expected, reason) for reason in decision.reasons)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"metrics__auc": {"value": 1.3, "low": 1.2, "high": 1.4}}, id="an AUC above 1"),
        pytest.param({"metrics__auc": {"value": 0.60, "low": 0.75, "high": 0.65}}, id="an interval beside its value"),
        pytest.param({"metrics__calibration_error__low": -0.01}, id="a negative mean distance"),
        pytest.param({"data__out_of_time_left": 10_001}, id="more rows left than there are"),
        pytest.param({"baselines__recency": {"value": 5.0, "low": 4.0, "high": 6.0}}, id="a difference above 1"),
        pytest.param({"baselines__recency": {"value": -0.1, "low": 0.2, "high": 0.3}}, id="a difference turned round"),
    ],
)
def test_an_impossible_number_is_refused(changes: dict[str, Any]):
    assert not judge(evidence(**changes), Policy()).accepted


def test_a_baseline_is_not_compared_with_itself():
    raw = evidence(family="logistic")
    del raw["baselines"]["logistic"]
    assert judge(raw, Policy()).accepted


def leaks(*, without: str = "", failed: str = "", other: str = "") -> list[dict[str, object]]:
    """Results of all leakage checks, with one left out, one failed, or one failed check added."""
    result = [{**item, "passed": item["check"] != failed} for item in evidence()["leaks"] if item["check"] != without]
    return result + [{"check": other, "passed": False, "sentence": "It failed."}] * bool(other)


@pytest.mark.parametrize(
    ("result", "accepted", "expected"),
    [
        pytest.param(
            leaks(failed="single_feature"),
            False,
            "Leakage checks failed: single_feature: Nothing was found.",
            id="failed",
        ),
        pytest.param(leaks(without="order"), False, "Leakage checks missing: order.", id="missing"),
        pytest.param(
            leaks(other="entities_apart"), False, "Leakage checks failed: entities_apart: It failed.", id="not required"
        ),
        pytest.param(leaks(other="horoscope"), False, "Leakage checks failed: horoscope: It failed.", id="unknown"),
        pytest.param(
            leaks(other="our_contacts"),
            True,
            "Leakage checks passed (label_permutation, label_windows, order, single_feature, too_good_rules). "
            "Warning: our_contacts: It failed.",
            id="our own contacts are a warning",
        ),
    ],
)
def test_a_failed_or_missing_leakage_check_refuses(result: list[Any], accepted: bool, expected: str):
    decision = judge(evidence(leaks=result), Policy())
    assert decision.accepted is accepted
    assert any(reason.startswith(expected) for reason in decision.reasons)


def test_the_floor_holds_for_an_unvalidated_policy_too():
    policy = Policy.model_construct(lowest_auc=0.5)
    assert not judge(evidence(metrics__auc__low=0.69), policy).accepted


def test_a_policy_without_a_number_refuses():
    policy = Policy.model_construct(largest_calibration_error=None)
    assert not judge(evidence(), policy).accepted


#: path -> what makes it worse: subtract or add.
WORSE = {
    "metrics__auc__value": -1,
    "metrics__auc__low": -1,
    "baselines__recency__value": -1,
    "baselines__recency__low": -1,
    "baselines__logistic__low": -1,
    "data__out_of_time_left": -1,
    "metrics__calibration_error__value": 1,
}
#: an interval wide enough for every value that is tried.
WIDE = {"metrics__calibration_error__high": 0.2}
near = {
    "metrics__auc__value": st.floats(0.72, 0.77),
    "metrics__auc__low": st.floats(0.69, 0.72),
    "baselines__recency__value": st.floats(0.04, 0.05),
    "baselines__recency__low": st.floats(-0.005, 0.04),
    "baselines__logistic__low": st.floats(-0.010, 0.009),
    "data__out_of_time_left": st.integers(190, 300),
    "metrics__calibration_error__value": st.floats(0.01, 0.06),
}


@given(values=st.fixed_dictionaries(near), path=st.sampled_from(sorted(WORSE)), step=st.floats(0, 0.05))
def test_making_any_number_worse_never_turns_a_refusal_into_an_acceptance(
    values: dict[str, float], path: str, step: float
):
    worse = deepcopy(values)
    worse[path] += WORSE[path] * (round(step * 1000) if isinstance(values[path], int) else step)
    assert (
        judge(evidence(**values, **WIDE), Policy()).accepted or not judge(evidence(**worse, **WIDE), Policy()).accepted
    )


def test_a_model_that_was_not_validated_out_of_time_is_refused_unless_the_policy_allows_it():
    refused, allowed = judge(by_entity(), Policy()), judge(by_entity(), Policy(allow_not_out_of_time=True))
    assert (refused.accepted, allowed.accepted) == (False, True)
    assert refused.reasons == [
        "The model was validated by entity, not out of time, so its quality on later dates is unknown; the policy does "
        "not allow this (allow_not_out_of_time)."
    ]
    assert allowed.reasons[0].endswith("its quality on later dates is unknown; the policy allows this.")
    assert not any("out-of-time" in reason.lower() for reason in allowed.reasons)


@pytest.mark.parametrize("policy", [Policy(), Policy(allow_not_out_of_time=True)], ids=["as it is", "allowing"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"validation": "out of time"}, "embargo_days is missing", id="parts declared as dates"),
        pytest.param(
            {"validation": None, "embargo_days": 90, "windows": evidence()["data"]["windows"]},
            "must contain ISO dates only",
            id="parts without a validation",
        ),
        pytest.param({"validation": "by hand"}, "data.validation", id="a validation of another kind"),
        pytest.param(
            {"out_of_time": ["part 2", "part 9"]}, "must not contain a part of development", id="a part on both sides"
        ),
    ],
)
def test_dates_decide_whether_rows_are_out_of_time_and_not_the_validation_field(
    policy: Policy, changes: dict[str, Any], expected: str
):
    decision = judge(by_entity(**changes), policy)
    assert not decision.accepted
    assert expected in decision.reasons[0]


@pytest.mark.parametrize(("first", "accepted"), [("1997-08-30", True), ("1997-08-29", False), ("1997-05-01", False)])
def test_the_gate_computes_the_embargo_itself(first: str, accepted: bool):
    assert judge(evidence(data__out_of_time=[first, "1998-04-01"]), Policy()).accepted is accepted


@pytest.mark.parametrize("validation", [{}, {"data__validation": None}, {"data__validation": "out of time"}], ids=str)
@pytest.mark.parametrize("name", ["embargo_days", "windows"])
def test_dates_without_an_embargo_or_windows_are_refused(name: str, validation: dict[str, Any]):
    raw = evidence(**validation)
    for damaged in (evidence(**validation, **{f"data__{name}": None}), raw):
        raw["data"].pop(name, None)
        decision = judge(damaged, Policy(allow_not_out_of_time=True))
        assert not decision.accepted
        assert decision.reasons == [f"The evidence is invalid: data: {name} is missing."]


@pytest.mark.parametrize("name", ["entities_apart", "order", "single_feature", "label_permutation", "too_good_rules"])
def test_without_dates_entities_apart_and_all_other_leakage_checks_are_required(name: str):
    raw = by_entity()
    raw["leaks"] = [leak for leak in raw["leaks"] if leak["check"] != name]
    decision = judge(raw, Policy(allow_not_out_of_time=True))
    assert decision.reasons == [f"Leakage checks missing: {name}."]


def test_with_dates_entities_apart_do_not_replace_label_windows():
    assert judge(evidence(leaks=by_entity()["leaks"]), Policy()).reasons == ["Leakage checks missing: label_windows."]
