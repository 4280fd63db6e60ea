"""The evidence file, read strictly: a missing or non-finite number is an error and gets no default."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


FiniteNumber = Annotated[float, AfterValidator(_finite)]


def _date(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("must be an ISO date as text")  # noqa: TRY004  # pydantic reports a ValueError with the field
    return date.fromisoformat(value)


IsoDate = Annotated[date, BeforeValidator(_date)]
ModelType = TypeVar("ModelType", bound=BaseModel)


class StrictModel(BaseModel):
    """No type conversion: text is no number. Undeclared fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class IntervalEstimate(StrictModel):
    """A value with its 95% interval; all three lie within `lowest` to `highest`."""

    value: FiniteNumber
    low: FiniteNumber
    high: FiniteNumber
    lowest: ClassVar[float] = -math.inf
    highest: ClassVar[float] = math.inf

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.lowest <= self.low <= self.value <= self.high <= self.highest:
            raise ValueError(f"must be a value within its interval, from {self.lowest:g} to {self.highest:g}")
        return self


class DifferenceEstimate(IntervalEstimate):
    """A difference of two proportions, within [-1, 1]."""

    lowest: ClassVar[float] = -1
    highest: ClassVar[float] = 1


class ProportionEstimate(IntervalEstimate):
    """A proportion, within [0, 1]."""

    lowest: ClassVar[float] = 0
    highest: ClassVar[float] = 1


class NonNegativeEstimate(IntervalEstimate):
    """A value of 0 or more."""

    lowest: ClassVar[float] = 0


class OutOfTimeMetrics(StrictModel):
    """Out-of-time metrics of the challenger (docs/evidence.md)."""

    auc: ProportionEstimate
    average_precision: ProportionEstimate
    log_loss: NonNegativeEstimate
    brier: ProportionEstimate
    calibration_error: ProportionEstimate
    calibration_gap: DifferenceEstimate
    calibration_slope: IntervalEstimate
    calibration_intercept: IntervalEstimate


class LeakageResult(StrictModel):
    """Result of one leakage check."""

    check: str = Field(min_length=1)
    passed: bool
    sentence: str = Field(min_length=1)


class SnapshotWindow(StrictModel):
    """Dates of the first and last snapshot, and the end of the last snapshot's label window."""

    first: IsoDate
    last: IsoDate
    labels_until: IsoDate

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.first <= self.last < self.labels_until:
            raise ValueError("must have first <= last < labels_until")
        return self


class EvaluationWindows(StrictModel):
    """Dates of the training rows (`development`) and of the evaluated rows (`out_of_time`)."""

    development: SnapshotWindow
    out_of_time: SnapshotWindow

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.development.labels_until > self.out_of_time.first:
            raise ValueError("development.labels_until must not be after out_of_time.first")
        return self


class Data(StrictModel):
    """Training rows (`development`) and evaluated rows (`out_of_time`).

    Both are lists of dates with an embargo between them, or lists of parts of the entities of one date. The dates
    themselves show whether the rows are out of time. `left_voluntary`, `left_involuntary` and `already_left_share`
    (rows whose auto-renewal was off already) are known only where a contract has them.
    """

    digest: str = Field(min_length=8)
    out_of_time_digest: str = Field(min_length=8)
    development: list[str] = Field(min_length=1)
    out_of_time: list[str] = Field(min_length=1)
    validation: Literal["out of time", "by entity, not out of time"] | None = None
    embargo_days: int | None = Field(default=None, ge=1)
    windows: EvaluationWindows | None = None
    out_of_time_rows: int = Field(ge=1)
    out_of_time_left: int = Field(ge=0)
    left_voluntary: int | None = Field(default=None, ge=0)
    left_involuntary: int | None = Field(default=None, ge=0)
    already_left_share: Annotated[FiniteNumber, Field(ge=0, le=1)] | None = None

    @property
    def is_out_of_time(self) -> bool:
        """Whether the evaluated rows are later than the training rows."""
        return self.validation != "by entity, not out of time"

    @model_validator(mode="after")
    def _later(self) -> Self:
        if self.is_out_of_time:
            if self.embargo_days is None:
                raise ValueError("embargo_days is missing")
            if self.windows is None:
                raise ValueError("windows is missing")
            development, out_of_time = _dates("development", self.development), _dates("out_of_time", self.out_of_time)
            if (min(out_of_time) - max(development)).days < self.embargo_days:
                raise ValueError(
                    f"out_of_time must begin at least embargo_days {self.embargo_days} after development ends"
                )
        elif set(self.development) & set(self.out_of_time):
            raise ValueError("out_of_time must not contain a part of development")
        return self

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.out_of_time_left > self.out_of_time_rows:
            raise ValueError("out_of_time_left must not exceed out_of_time_rows")
        if (self.left_voluntary or 0) + (self.left_involuntary or 0) > self.out_of_time_left:
            raise ValueError("left_voluntary and left_involuntary must not exceed out_of_time_left together")
        return self


class SliceAuc(StrictModel):
    """AUC in one slice of the rows; where it is missing, `sentence` says why."""

    slice: str = Field(min_length=1)
    range: str
    rows: int = Field(ge=1)
    left: int = Field(ge=0)
    auc: ProportionEstimate | None = None
    sentence: str | None = None

    @model_validator(mode="after")
    def _has_auc_or_sentence(self) -> Self:
        if self.auc is None and not self.sentence:
            raise ValueError("auc or sentence is required")
        return self


class RefitAgreement(StrictModel):
    """Scores of the judged model and of the refit on the latest snapshot: rank correlation, shift in log-odds."""

    as_of: str = Field(min_length=1)
    rows: int = Field(ge=1)
    rank_correlation: Annotated[FiniteNumber, Field(ge=-1, le=1)]
    judged_mean: Annotated[FiniteNumber, Field(ge=0, le=1)]
    refit_mean: Annotated[FiniteNumber, Field(ge=0, le=1)]
    shift: FiniteNumber


class RefitSlice(StrictModel):
    """Shift of the mean score in one slice, in log-odds, refit minus judged model."""

    slice: str = Field(min_length=1)
    range: str
    rows: int = Field(ge=1)
    shift: FiniteNumber


class Refit(StrictModel):
    """The registered model, where it is the judged procedure fitted again on all matured snapshots."""

    dates: list[str] = Field(min_length=2)
    labels_until: IsoDate
    digest: str = Field(min_length=8)
    rows: int = Field(ge=1)
    agreement: RefitAgreement
    slices: list[RefitSlice]
    calibration_gap: Annotated[FiniteNumber, Field(ge=-1, le=1)]
    leaks: list[LeakageResult] = Field(min_length=1)


class Evidence(StrictModel):
    """Evidence of a challenger, as far as the gate reads it.

    Attributes:
        version: 2; evidence with an earlier `schema` lacks fields that the gate needs.
        code: hash of the code that made features and model.
        commit: of git, where there is one.
        metrics_undecided: metrics without the customers whose auto-renewal was off at the date.
        baselines: name -> paired difference of AUC, challenger minus baseline.
        leaks: results of the leakage checks.
        slices: AUC in each slice.
        refit: how the registered model agrees with the judged one; None if the judged model itself is registered, as
            in evidence of earlier releases.
    """

    version: Literal[2] = Field(alias="schema")
    model: str
    family: str
    data: Data
    code: str = Field(min_length=8)
    commit: str | None = None
    packages: dict[str, str] = Field(min_length=1)
    metrics: OutOfTimeMetrics
    metrics_undecided: OutOfTimeMetrics | None = None
    baselines: dict[str, DifferenceEstimate]
    leaks: list[LeakageResult] = Field(min_length=1)
    slices: list[SliceAuc] | None = None
    refit: Refit | None = None


def _dates(name: str, texts: Sequence[str]) -> list[date]:
    try:
        return [date.fromisoformat(text) for text in texts]
    except ValueError:
        raise ValueError(f"{name} must contain ISO dates only") from None


class EvidenceError(ValueError):
    """A field of a file is missing or invalid."""


def parse(raw: Mapping[str, Any]) -> Evidence:
    """Parse the content of an evidence file.

    Raises:
        EvidenceError: names the first field that is missing or invalid.
    """
    return read(Evidence, raw)


def read(model: type[ModelType], raw: Mapping[str, Any]) -> ModelType:
    """Parse the content of a file.

    Raises:
        EvidenceError: names the first field that is missing or invalid.
    """
    try:
        return model.model_validate(dict(raw))
    except ValidationError as error:
        raise EvidenceError(first_problem(error)) from None


def first_problem(error: ValidationError) -> str:
    """The first invalid field, and why it is invalid."""
    problem = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in problem["loc"])
    return f"{field}: {problem['msg'].removeprefix('Value error, ')}"
