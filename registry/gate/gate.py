"""The gate: a decision with its reasons, from evidence, measurements and policy. Nothing else decides.

It fails closed: a missing or invalid number and any error are a refusal that names it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from registry.gate.checks import Case, Check, check_signature
from registry.gate.evidence import EvidenceError, read
from registry.gate.kinds import EvidenceKind, kind_of
from registry.gate.measurements import FeatureAvailability
from registry.gate.policy import Policy

__all__ = ["Case", "Check", "Decision", "decide"]


class AbsentError(ValueError):
    """There is no file to read."""


@dataclass(frozen=True)
class Decision:
    """The gate's decision; `bounds` is the whole policy, so that it can be read after the policy changed."""

    accepted: bool
    policy_version: int
    checks: tuple[Check, ...]
    bounds: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reasons(self) -> list[str]:
        """Sentences of the failed checks; of all checks if the challenger is accepted."""
        return [check.sentence for check in self.checks if check.passed == self.accepted]

    def json(self) -> dict[str, Any]:
        """The form that the ledger and the run store."""
        return {
            "accepted": self.accepted,
            "policy_version": self.policy_version,
            "policy": dict(self.bounds),
            "checks": [vars(check) for check in self.checks],
        }


def decide(case: Case, policy: Policy) -> Decision:
    """Judge a challenger.

    Args:
        case: evidence and measurements of the challenger and of the version in production.
        policy: the project's bounds.
    """
    try:
        kind, evidence = _evidence(case)
    except Exception as error:  # the gate fails closed: every error is a refusal
        return _decision([_refusal("evidence", _describe("The evidence is invalid", error))], policy)
    checks = [
        result
        for check in kind.evidence_checks
        for result in _results(check.__name__, partial(check, evidence, policy))
    ]
    checks += _measurement_results(case, kind, evidence, policy)
    return _decision(checks, policy)


def _decision(checks: Sequence[Check], policy: Policy) -> Decision:
    accepted = bool(checks) and all(check.passed is True for check in checks)
    return Decision(accepted, policy.version, tuple(checks), policy.model_dump(mode="json", warnings=False))


def _evidence(case: Case) -> tuple[EvidenceKind, Any]:
    if case.challenger is None:
        raise AbsentError("The challenger has no evidence file.")
    kind = kind_of(case.challenger)
    return kind, kind.parse(case.challenger)


def _measurement_results(case: Case, kind: EvidenceKind, evidence: Any, policy: Policy) -> list[Check]:
    """Results of all checks of the measurements; one refusal if the measurements are missing or invalid."""
    try:
        availability = read(FeatureAvailability, _measured(case))
        measurements = None if availability.has_gap else read(kind.measurements, _measured(case))
    except Exception as error:  # the gate fails closed: every error is a refusal
        return [_refusal("measured", _describe("The measurements are invalid", error))]
    if measurements is None:
        return [check_signature(availability)]
    inputs = kind.inputs(case, evidence, measurements)
    return [
        result
        for check in kind.measurement_checks
        for result in _results(check.__name__, partial(check, inputs, policy))
    ]


def _measured(case: Case) -> Mapping[str, Any]:
    if case.measured is None:
        why = f": {case.problem}" if case.problem else "."
        raise AbsentError(f"The challenger could not be measured on the same rows{why}")
    return case.measured


def _results(name: str, check: Callable[[], Iterator[Check]]) -> list[Check]:
    """Results of a check; one that raises an error counts as failed."""
    try:
        return list(check())
    except Exception as error:  # the gate fails closed: every error is a refusal
        return [_refusal(name, f"The check {name} raised an error: {type(error).__name__}: {error}.")]


def _describe(problem: str, error: Exception) -> str:
    if isinstance(error, AbsentError):
        return str(error)
    return f"{problem}: {error if isinstance(error, EvidenceError) else f'{type(error).__name__}: {error}'}."


def _refusal(name: str, sentence: str) -> Check:
    return Check(name, False, None, None, sentence)
