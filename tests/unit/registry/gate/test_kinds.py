"""The gate judges evidence by its kind: churn models as ever, response models by checks of their own."""

import re
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from registry import Case, Decision, Policy, PolicyError, decide
from registry.gate import kinds
from registry.gate.judgement import _policy
from registry.gate.kinds import kind_of
from registry.gate.policy import UpliftBounds
from registry.gate.uplift_evidence import UpliftEvidence, UpliftMeasurements
from registry.ledger.chain import Row
from registry.ledger.history import ModelState
from registry.versions.versions import policy_digest
from tests.unit.builders import evidence, is_one_sentence, measured
from tests.unit.uplift_evidence import UPLIFT_EVIDENCE, UPLIFT_MEASURED, changed

#: digest of `Policy()` by the release before response models, which ledgers contain.
EARLIER_DIGEST = "75b2d1cc5e0613c5c54437c915e38076b8b6162f21569dd8b6291c54939ebb9d"
DAMAGES = {"removed": object(), "None": None, "NaN": float("nan"), "infinite": float("inf"), "text": "a string"}


def judge(raw: Any, measurements: Any = UPLIFT_MEASURED, policy: Policy | None = None, **case: Any) -> Decision:
    usual = {"production": UPLIFT_EVIDENCE, "first": False, "production_number": "1"}
    return decide(Case(raw, measured=measurements, **{**usual, **case}), policy or Policy())


def test_sound_evidence_is_accepted_by_checks_of_its_own_kind():
    decision = judge(UPLIFT_EVIDENCE, version_number="2", files_sha256="0011223344556677")
    assert decision.accepted, decision.reasons
    assert [check.name for check in decision.checks] == [
        "validation", "rows_per_arm", "sample_ratio", "balance", "contamination", "qini", "effect_slope",
        "effect_gap", "placebo", "rows", "repeats", "versus_production", "version", "signature", "parity_pyfunc",
        "size", "latency",
    ]  # fmt: skip
    assert all(is_one_sentence(check.sentence) for check in decision.checks if check.name != "average_effect")


def test_a_constant_effect_is_judged_by_the_average_effects():
    constant = changed(UPLIFT_EVIDENCE, constant=True, learner="constant", calibration__slope=None)
    decision = judge(constant)
    assert decision.accepted
    names = [check.name for check in decision.checks]
    assert "average_effect" in names
    assert not {"qini", "effect_slope"} & set(names)
    decision = judge(changed(constant, average_effects__sms_discount_1__low=-0.001))
    assert [check.name for check in decision.checks if not check.passed] == ["average_effect"]


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no gain": ({"gain__over_constant__low": 0.0}, "qini", "its lower end is not above 0"),
    "few rows": (
        {"data__rows_by_arm": {"control": 3_900, "email_none_1": 100}}, "rows_per_arm", "email_none_1, has 100 judged"
    ),
    "one campaign": ({"data__validation": "by person, not out of time"}, "validation", "allow_not_out_of_time"),
    "sample ratio": (
        {"design__sample_ratio": {"p_value": 1e-4, "campaign": "c4"}}, "sample_ratio", "of campaign c4 do not agree"
    ),
    "imbalance": ({"design__balance__p_value": 1e-4}, "balance", "differ most in visits"),
    "contamination": ({"design__contamination__share": 0.2}, "contamination", "20.0% of control rows got a contact"),
    "exaggerated": (
        {"calibration__slope": {"value": 0.2, "low": 0.1, "high": 0.4}}, "effect_slope", "cannot lie from 0.5 to 2"
    ),
    "timid": ({"calibration__slope": {"value": 4.0, "low": 2.5, "high": 5.0}}, "effect_slope", "cannot lie"),
    "too high": ({"calibration__gap": {"value": 0.05, "low": 0.03, "high": 0.07}}, "effect_gap", "above the maximum"),
    "too low": ({"calibration__gap": {"value": -0.05, "low": -0.07, "high": -0.03}}, "effect_gap", "above the maximum"),
    "placebo": ({"placebo": {"value": 0.02, "low": 0.01, "high": 0.03}}, "placebo", "does not include 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_each_defect_of_the_evidence_is_refused_by_its_check(case: str):
    changes, name, expected = WRONG[case]
    decision = judge(changed(UPLIFT_EVIDENCE, **changes))
    assert [check.name for check in decision.checks if not check.passed] == [name]
    assert re.search(re.escape(expected), decision.reasons[0])


MEASURED_WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "other rows": ({"rows__digest": "ffffffffffffffff"}, "rows", "are of rows ffffffffffff"),
    "another gain": ({"area__value": 0.025}, "repeats", "2.500 points now and 2.000 in the evidence"),
    "worse": (
        {"versus__difference": {"value": -0.02, "low": -0.03, "high": -0.01}}, "versus_production", "below the minimum"
    ),
    "not compared": ({"versus": None}, "versus_production", "was not compared"),
    "compared with another": ({"versus__version": "7"}, "versus_production", "version 7, but version 1 is in"),
    "no parity": ({"parity__pyfunc": 1e-6}, "parity_pyfunc", "above the maximum of 1e-09"),
    "huge": ({"bytes": 10**9}, "size", "above the maximum"),
    "slow": ({"ms_per_1000_rows": 1e5}, "latency", "above the maximum"),
    "another version": ({"version": "9"}, "version", "Version 9 was measured, but version 2 is judged"),
}  # fmt: skip


@pytest.mark.parametrize("case", MEASURED_WRONG)
def test_each_defect_of_the_measurements_is_refused_by_its_check(case: str):
    changes, name, expected = MEASURED_WRONG[case]
    decision = judge(UPLIFT_EVIDENCE, changed(UPLIFT_MEASURED, **changes), version_number="2")
    assert [check.name for check in decision.checks if not check.passed] == [name]
    assert re.search(re.escape(expected), decision.reasons[0])


def test_a_first_version_must_not_be_compared():
    first = {"production": None, "first": True, "production_number": None}
    assert judge(UPLIFT_EVIDENCE, changed(UPLIFT_MEASURED, versus=None), **first).accepted
    decision = judge(UPLIFT_EVIDENCE, **first)
    assert [check.name for check in decision.checks if not check.passed] == ["first"]


def test_the_policy_may_allow_an_experiment_of_one_campaign():
    raw = changed(UPLIFT_EVIDENCE, data__validation="by person, not out of time")
    assert judge(raw, policy=Policy(allow_not_out_of_time=True)).accepted


def test_contacts_that_were_not_counted_are_said_and_not_refused():
    decision = judge(changed(UPLIFT_EVIDENCE, design__contamination__share=None))
    assert decision.accepted
    assert "were not counted" in " ".join(decision.reasons)


def test_missing_features_are_the_only_check_of_the_measurements():
    gap = changed(UPLIFT_MEASURED, features_missing=["visits"])
    decision = judge(UPLIFT_EVIDENCE, gap)
    assert [check.name for check in decision.checks if not check.passed] == ["signature"]


@pytest.mark.parametrize("kind", ["other", 7, None, ["uplift"]])
def test_an_unknown_kind_is_refused(kind: Any):
    decision = judge({**UPLIFT_EVIDENCE, "kind": kind})
    assert not decision.accepted
    assert "kind: " in decision.reasons[0]
    assert "it must be churn or uplift" in decision.reasons[0]


def test_evidence_without_a_kind_is_of_a_churn_model():
    assert "kind" not in evidence()
    assert kind_of(evidence()) is kinds.KINDS[kinds.CHURN]
    assert kind_of({"kind": "uplift"}) is kinds.KINDS[kinds.UPLIFT]


def test_evidence_of_one_kind_with_measurements_of_another_is_refused():
    for raw, other in ((UPLIFT_EVIDENCE, measured()), (evidence(), UPLIFT_MEASURED)):
        decision = judge(raw, other)
        assert not decision.accepted
        assert any("The measurements are invalid" in reason for reason in decision.reasons)


def _paths(model: type[BaseModel], content: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Paths of all numbers and texts that a model requires, as far as the content has them."""
    paths = []
    for name, field in model.model_fields.items():
        path, value = (*above, field.alias or name), content[field.alias or name]
        annotation = field.annotation
        kinds_of = getattr(annotation, "__args__", ()) or (annotation,)
        nested = next((kind for kind in kinds_of if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if nested is not None and isinstance(value, dict) and getattr(annotation, "__origin__", None) is not dict:
            paths += _paths(nested, value, path)
        elif type(None) not in kinds_of:
            paths.append(path)
    return paths


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    ("model", "content"),
    [(UpliftEvidence, UPLIFT_EVIDENCE), (UpliftMeasurements, UPLIFT_MEASURED)],
    ids=["evidence", "measurements"],
)
def test_a_damaged_field_is_refused(model: type[BaseModel], content: dict[str, Any], damage: str):
    for path in _paths(model, content):
        if path == ("kind",) and damage == "removed":
            continue  # then it is read as evidence of a churn model, which refuses it too
        *above, last = path
        copy = changed(content)
        place = copy
        for key in above:
            place = place[key]
        if damage == "text" and isinstance(place[last], str):
            continue
        if damage == "removed":
            del place[last]
        else:
            place[last] = DAMAGES[damage]
        decision = judge(copy) if model is UpliftEvidence else judge(UPLIFT_EVIDENCE, copy)
        assert not decision.accepted, path


def test_a_check_that_raises_is_a_refusal(monkeypatch: pytest.MonkeyPatch):
    def breaks(*inputs: object) -> Any:
        raise ZeroDivisionError("for a reason")

    uplift = kinds.KINDS[kinds.UPLIFT]
    broken = replace(uplift, evidence_checks=(*uplift.evidence_checks, breaks))
    monkeypatch.setattr(kinds, "KINDS", {**kinds.KINDS, kinds.UPLIFT: broken})
    decision = judge(UPLIFT_EVIDENCE)
    assert decision.reasons == ["The check breaks raised an error: ZeroDivisionError: for a reason."]


@pytest.mark.parametrize("bound", sorted(UpliftBounds.model_fields))
def test_bounds_of_response_models_without_a_number_refuse(bound: str):
    broken = UpliftBounds.model_construct(**{**UpliftBounds().model_dump(), bound: None})
    policy = Policy.model_construct(**{**dict(Policy()), "uplift": broken})
    assert not judge(UPLIFT_EVIDENCE, policy=policy).accepted


@pytest.mark.parametrize(
    "bounds", [{"lowest_slope": 0.0}, {"largest_effect_gap": 2.0}, {"margin": 0.5}, {"fewest_rows_per_arm": 0}]
)
def test_a_bound_outside_its_range_is_a_sentence(bounds: dict[str, Any]):
    with pytest.raises(PolicyError, match=f"The policy's bounds for response models are invalid: {next(iter(bounds))}"):
        Policy(uplift=UpliftBounds(**bounds))


def test_policies_in_old_ledgers_have_the_same_digest():
    assert policy_digest(Policy()) == EARLIER_DIGEST
    assert policy_digest(Policy(uplift=UpliftBounds(margin=0.02))) != EARLIER_DIGEST
    assert policy_digest(Policy(version=2)) != EARLIER_DIGEST


def state_with(policy: dict[str, Any]) -> ModelState:
    row = Row.__new__(Row)
    object.__setattr__(row, "id", 1)
    object.__setattr__(row, "decision", {"policy": policy})
    state = ModelState.__new__(ModelState)
    object.__setattr__(state, "rows", (row,))
    return state


def test_bounds_that_an_old_decision_did_not_have_are_no_change():
    before = Policy().model_dump(mode="json")
    without = {name: bound for name, bound in before.items() if name != "uplift"}
    changed_policy = Policy(uplift=UpliftBounds(margin=0.02))
    assert not list(_policy(state_with(without), changed_policy)), "an old row has no such bounds"
    assert not list(_policy(state_with(before), Policy()))
    assert list(_policy(state_with(before), changed_policy)), "the version must be raised"
    fewer = {**before, "uplift": {name: bound for name, bound in before["uplift"].items() if name != "margin"}}
    assert not list(_policy(state_with(fewer), changed_policy)), "this bound was added since"
