"""The gate fails closed: missing data, invalid numbers and errors are refusals that name them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from registry import (
    Case,
    Decision,
    Policy,
    decide,
)
from registry.gate import kinds
from registry.gate.measurements import Measurements
from tests.unit.builders import REFIT, evidence, measured

REMOVED = object()
DAMAGES = {"removed": REMOVED, "None": None, "NaN": float("nan"), "infinite": float("inf"), "text": "a string"}


def judge(raw: Any) -> Decision:
    return decide(Case(evidence(), evidence(), first=False, measured=raw), Policy())


def _fields(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Path and type of every declared field, nested ones too; of a list only the first element."""
    for name, field in model.model_fields.items():
        path, declared = (*above, field.alias or name), field.annotation
        yield path, declared
        kinds = [declared, *getattr(declared, "__args__", ())]
        within = next((item for item in kinds if isinstance(item, type) and issubclass(item, BaseModel)), None)
        if within is not None:
            at = (*path, "0") if getattr(declared, "__origin__", None) is list else path
            yield from _fields(within, at)


def _damaged() -> Iterator[Any]:
    for path, declared in _fields(Measurements):
        kinds = getattr(declared, "__args__", ()) or (declared,)
        for how, value in DAMAGES.items():
            text = how == "text" and str in kinds and getattr(declared, "__origin__", None) is not list
            may_be_none = how == "None" and type(None) in kinds
            if not text and not may_be_none:
                yield pytest.param(path, value, id=f"{'.'.join(path)} {how}")


@pytest.mark.parametrize(("path", "value"), _damaged())
def test_measurements_with_a_damaged_field_are_refused_and_the_field_is_named(path: tuple[str, ...], value: Any):
    raw: Any = measured()
    *above, last = path
    place = raw
    for key in above:
        place = place[int(key) if key.isdigit() else key]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value

    decision = judge(raw)

    assert not decision.accepted
    assert any(reason.startswith(f"The measurements are invalid: {'.'.join(path)}") for reason in decision.reasons)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(None, "could not be measured"), ({}, "schema"), ([1], "TypeError"), ("text", "ValueError"), (7, "TypeError")],
    ids=["nothing", "empty", "a list", "a text", "a number"],
)
def test_measurements_of_another_type_are_refused(raw: Any, expected: str):
    for decision in (judge(raw), decide(Case(raw, None, first=True, measured=measured()), Policy())):
        assert not decision.accepted
    assert expected in judge(raw).reasons[0]


@pytest.mark.parametrize("group", ["evidence_checks", "measurement_checks"])
def test_a_check_that_raises_is_a_refusal_with_its_name(group: str, monkeypatch: pytest.MonkeyPatch):
    churn = kinds.KINDS[kinds.CHURN]
    asks = getattr(churn, group)
    for place, ask in enumerate(asks):

        def breaks(*inputs: object) -> Iterator[Any]:
            raise ZeroDivisionError("for a reason")

        breaks.__name__ = ask.__name__
        broken = replace(churn, **{group: (*asks[:place], breaks, *asks[place + 1 :])})
        monkeypatch.setattr(kinds, "KINDS", {**kinds.KINDS, kinds.CHURN: broken})
        decision = judge(measured())
        assert not decision.accepted
        assert decision.reasons == [f"The check {ask.__name__} raised an error: ZeroDivisionError: for a reason."]


def test_the_two_groups_contain_every_check():
    churn = kinds.KINDS[kinds.CHURN]
    assert [ask.__name__ for ask in (*churn.evidence_checks, *churn.measurement_checks)] == [
        "validation", "leaks", "auc", "baselines", "enough_left", "calibration", "slices", "refit",
        "rows", "repeats", "first", "versus_production", "versus_production_delong", "slices_versus_production",
        "version", "signature", "parity_pyfunc", "parity_spark", "parity_texts", "freshness", "size", "latency",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "bound",
    sorted({*Policy.model_fields} - {"version", "review", "allow_not_out_of_time", "lowest_slice_auc", "uplift"}),
)
def test_a_policy_without_a_number_refuses(bound: str):
    policy = Policy.model_construct(**{bound: None})
    case = Case(evidence(refit=REFIT), evidence(), first=False, measured=measured())
    assert not decide(case, policy).accepted
