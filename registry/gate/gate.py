"""The gate: evidence, what was measured, and policy in, a decision with its reasons out. Nothing else decides.

It fails closed: whatever is missing, not a number or goes wrong is a refusal that says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from registry.gate.checks import (
    ALONE,
    SAME_ROWS,
    USABLE,
    Case,
    Check,
    CheckInputs,
    supplied,
)
from registry.gate.evidence import (
    Evidence,
    EvidenceError,
    parse,
    read,
)
from registry.gate.measurements import FeatureAvailability, Measurements
from registry.gate.policy import Policy

__all__ = ["Case", "Check", "Decision", "decide"]

#: every question, in the order of a decision: of the evidence, then of what was measured.
OF_EVIDENCE, OF_MEASURED = ALONE, (*SAME_ROWS, *USABLE)


class AbsentError(ValueError):
    """There is nothing to read."""


@dataclass(frozen=True)
class Decision:
    """The gate's answer; `bounds` is the whole policy, so that it can be read when the policy is another."""

    accepted: bool
    policy_version: int
    checks: tuple[Check, ...]
    bounds: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reasons(self) -> list[str]:
        """Why it was refused; or, if accepted, what it was accepted on."""
        return [check.sentence for check in self.checks if check.passed == self.accepted]

    def json(self) -> dict[str, Any]:
        """As the ledger and the run hold it."""
        return {
            "accepted": self.accepted,
            "policy_version": self.policy_version,
            "policy": dict(self.bounds),
            "checks": [vars(check) for check in self.checks],
        }


def decide(case: Case, policy: Policy) -> Decision:
    """Judge a challenger.

    Args:
        case: what is known of it and of the version in production.
        policy: the project's bounds.
    """
    try:
        evidence = _evidence(case)
    except Exception as error:  # any error at all must refuse, that is the point
        return _decision([_refusal("evidence", _said("The evidence cannot be used", error))], policy)
    checks = [check for ask in OF_EVIDENCE for check in _asked(ask.__name__, partial(ask, evidence, policy))]
    checks += _on_the_same_rows(case, evidence, policy)
    return _decision(checks, policy)


def _decision(checks: Sequence[Check], policy: Policy) -> Decision:
    accepted = bool(checks) and all(check.passed is True for check in checks)
    return Decision(accepted, policy.version, tuple(checks), policy.model_dump(mode="json", warnings=False))


def _evidence(case: Case) -> Evidence:
    if case.challenger is None:
        raise AbsentError("The challenger left no evidence file.")
    return parse(case.challenger)


def _on_the_same_rows(case: Case, evidence: Evidence, policy: Policy) -> list[Check]:
    """All that is asked of what was measured; one refusal if that cannot be used."""
    try:
        supply = read(FeatureAvailability, _raw(case))
        measured = None if supply.has_gap else read(Measurements, _raw(case))
    except Exception as error:  # the same
        return [_refusal("measured", _said("What was measured cannot be used", error))]
    if measured is None:
        return [supplied(supply)]
    inputs = CheckInputs(case, evidence, measured)
    return [check for ask in OF_MEASURED for check in _asked(ask.__name__, partial(ask, inputs, policy))]


def _raw(case: Case) -> Mapping[str, Any]:
    if case.measured is None:
        why = f": {case.problem}" if case.problem else "."
        raise AbsentError(f"Nothing was measured on the same rows{why}")
    return case.measured


def _asked(name: str, ask: Callable[[], Iterator[Check]]) -> list[Check]:
    """The answers to a question; one that breaks counts as not passed."""
    try:
        return list(ask())
    except Exception as error:  # any error at all must refuse, that is the point
        return [_refusal(name, f"The check {name} could not be made: {type(error).__name__}: {error}.")]


def _said(what: str, error: Exception) -> str:
    if isinstance(error, AbsentError):
        return str(error)
    return f"{what}: {error if isinstance(error, EvidenceError) else f'{type(error).__name__}: {error}'}."


def _refusal(name: str, sentence: str) -> Check:
    return Check(name, False, None, None, sentence)
