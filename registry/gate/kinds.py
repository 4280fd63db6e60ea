"""Kinds of evidence: how each is read, and the checks that judge it. Evidence without a kind is of a churn model."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from registry.gate.checks import (
    ABSOLUTE_CHECKS,
    DEPLOYABILITY_CHECKS,
    HEAD_TO_HEAD_CHECKS,
    Check,
    CheckInputs,
)
from registry.gate.checks.uplift import UPLIFT_EVIDENCE_CHECKS, UPLIFT_MEASUREMENT_CHECKS, UpliftInputs
from registry.gate.evidence import EvidenceError, parse, read
from registry.gate.measurements import FeatureAvailability, Measurements
from registry.gate.policy import Policy
from registry.gate.uplift_evidence import UpliftEvidence, UpliftMeasurements

CHURN, UPLIFT = "churn", "uplift"


@dataclass(frozen=True)
class EvidenceKind:
    """How evidence of one kind is judged.

    Attributes:
        parse: reads the content of an evidence file strictly.
        evidence_checks: of the evidence alone, each a function of evidence and policy.
        measurements: how the content of the measurements is read.
        inputs: makes the inputs of `measurement_checks` from the case, its evidence and its measurements.
        measurement_checks: of the measurements, each a function of the inputs and the policy.
    """

    parse: Callable[[Mapping[str, Any]], Any]
    evidence_checks: tuple[Callable[[Any, Policy], Iterator[Check]], ...]
    measurements: type[FeatureAvailability]
    inputs: Callable[[Any, Any, Any], Any]
    measurement_checks: tuple[Callable[[Any, Policy], Iterator[Check]], ...]


KINDS: Mapping[str, EvidenceKind] = {
    CHURN: EvidenceKind(
        parse, ABSOLUTE_CHECKS, Measurements, CheckInputs, (*HEAD_TO_HEAD_CHECKS, *DEPLOYABILITY_CHECKS)
    ),
    UPLIFT: EvidenceKind(
        partial(read, UpliftEvidence), UPLIFT_EVIDENCE_CHECKS, UpliftMeasurements, UpliftInputs,
        UPLIFT_MEASUREMENT_CHECKS,
    ),
}  # fmt: skip


def kind_of(raw: Mapping[str, Any]) -> EvidenceKind:
    """The kind of evidence that a file's content is.

    Raises:
        EvidenceError: there is no such kind.
    """
    name = raw.get("kind", CHURN) if isinstance(raw, Mapping) else CHURN
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise EvidenceError(f"kind: {name!r} does not exist; it must be {' or '.join(KINDS)}")
    return kind
