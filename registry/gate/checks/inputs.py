"""Inputs of the gate: files as they are, then their parsed content."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import Field

from registry.gate.evidence import (
    EvaluationWindows,
    Evidence,
    EvidenceError,
    StrictModel,
    read,
)
from registry.gate.measurements import Measurements, ScoringCost


@dataclass(frozen=True)
class Case:
    """Files to be judged, as they are; None where there is none.

    Attributes:
        challenger: evidence of the challenger.
        production: evidence of the version in production.
        first: whether no version is in production, so that nothing can be compared.
        measured: measurements on the same rows (`registry/gate/measurements.py`).
        problem: why there are no measurements, a sentence.
        version_number: number of the challenger; measurements of another version are refused. None skips the check.
        files_sha256: SHA-256 of the challenger's files, checked in the same way.
        production_number: number of the version in production, checked in the same way.
    """

    challenger: Mapping[str, Any] | None
    production: Mapping[str, Any] | None
    first: bool
    measured: Mapping[str, Any] | None
    problem: str | None = None
    version_number: str | None = None
    files_sha256: str | None = None
    production_number: str | None = None


class VersionInputs(Protocol):
    """What the checks of the version itself read, for evidence of any kind."""

    @property
    def case(self) -> Case:
        """The files as they are."""

    @property
    def measurements(self) -> ScoringCost:
        """The parsed measurements."""


class _TrainingData(StrictModel):
    digest: str = Field(min_length=8)
    windows: EvaluationWindows | None


class TrainingWindow(StrictModel):
    """Dates and digest of the rows that production was trained on; only these fields of its evidence are read.

    All other fields may have the format of an earlier release.
    """

    data: _TrainingData

    @classmethod
    def of(cls, raw: Mapping[str, Any] | None) -> "TrainingWindow":
        """Read the training window from the evidence of the version in production.

        Raises:
            EvidenceError: there is no evidence, or a field is missing or invalid.
        """
        if raw is None:
            raise EvidenceError("it has no evidence file")
        return read(cls, raw)


@dataclass(frozen=True)
class CheckInputs:
    """Parsed content of a case."""

    case: Case
    evidence: Evidence
    measurements: Measurements
