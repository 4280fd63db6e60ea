"""What the gate is told: files as they were found, then what could be read of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from registry.gate.evidence import (
    EvaluationWindows,
    Evidence,
    EvidenceError,
    StrictModel,
    read,
)
from registry.gate.measurements import Measurements


@dataclass(frozen=True)
class Case:
    """What is judged: files as they were found, None where there is none.

    Attributes:
        challenger: its evidence.
        production: that of the version in production.
        first: whether there is no version in production, so that nothing can be compared.
        measured: what the promotion measured on the same rows (`registry/gate/measurements.py`).
        problem: why nothing was measured, a sentence.
        number: of the challenger's version; `digest` that of its files. What was measured must be of these;
            None is not asked about.
        against: number of the version in production, in the same way.
    """

    challenger: Mapping[str, Any] | None
    production: Mapping[str, Any] | None
    first: bool
    measured: Mapping[str, Any] | None
    problem: str | None = None
    number: str | None = None
    digest: str | None = None
    against: str | None = None


class _Data(StrictModel):
    digest: str = Field(min_length=8)
    windows: EvaluationWindows | None


class TrainingWindow(StrictModel):
    """What the version in production has learnt from; its evidence may be of an earlier release in all else."""

    data: _Data

    @classmethod
    def of(cls, raw: Mapping[str, Any] | None) -> "TrainingWindow":
        """Read that part of its evidence.

        Raises:
            EvidenceError: there is none, or a field is missing or unusable.
        """
        if raw is None:
            raise EvidenceError("it left no evidence file")
        return read(cls, raw)


@dataclass(frozen=True)
class CheckInputs:
    """What could be read of a case."""

    case: Case
    evidence: Evidence
    measured: Measurements
