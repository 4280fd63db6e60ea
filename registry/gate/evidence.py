"""The evidence file, read strictly: a number that is missing or not finite is an error, not a default."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("is not a finite number")
    return value


Number = Annotated[float, AfterValidator(_finite)]


def _day(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("is not a date as text")  # noqa: TRY004  # what pydantic turns into its own error
    return date.fromisoformat(value)


Day = Annotated[date, BeforeValidator(_day)]
Kind = TypeVar("Kind", bound=BaseModel)


class StrictModel(BaseModel):
    """Numbers are numbers and texts are texts; what is not declared is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Estimate(StrictModel):
    """A value with its 95% interval; `lowest` to `highest` is what can be."""

    value: Number
    low: Number
    high: Number
    lowest: ClassVar[float] = -math.inf
    highest: ClassVar[float] = math.inf

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.lowest <= self.low <= self.value <= self.high <= self.highest:
            raise ValueError(f"is not a value from {self.lowest:g} to {self.highest:g} inside its interval")
        return self


class DifferenceEstimate(Estimate):
    """A value within [-1, 1]."""

    lowest: ClassVar[float] = -1
    highest: ClassVar[float] = 1


class ProportionEstimate(Estimate):
    """A value within [0, 1]."""

    lowest: ClassVar[float] = 0
    highest: ClassVar[float] = 1


class NonNegativeEstimate(Estimate):
    """A value of 0 or more."""

    lowest: ClassVar[float] = 0


class OutOfTimeMetrics(StrictModel):
    """Out-of-time figures of the challenger (docs/evidence.md)."""

    auc: ProportionEstimate
    average_precision: ProportionEstimate
    log_loss: NonNegativeEstimate
    brier: ProportionEstimate
    calibration_error: ProportionEstimate
    calibration_gap: DifferenceEstimate
    calibration_slope: Estimate
    calibration_intercept: Estimate


class Leak(StrictModel):
    """What one check for leaks found."""

    check: str = Field(min_length=1)
    passed: bool
    sentence: str = Field(min_length=1)


class SnapshotWindow(StrictModel):
    """First and last snapshot, and the day up to which the last one's label looks."""

    first: Day
    last: Day
    labels_until: Day

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.first <= self.last < self.labels_until:
            raise ValueError("is not a window: its days do not follow each other")
        return self


class EvaluationWindows(StrictModel):
    """Where the rows that were learnt from and those that judged lie in time."""

    development: SnapshotWindow
    out_of_time: SnapshotWindow

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.development.labels_until > self.out_of_time.first:
            raise ValueError("labels of development look into the out-of-time snapshots")
        return self


class Data(StrictModel):
    """What was fitted and what judged: dates, with the embargo between them; or parts of the entities of one day.

    That rows are out of time is not believed, it is seen by their dates.
    Where a contract tells: how many out of time left by choice and how many not, and the share of rows whose
    auto-renew was off already.
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
    already_left_share: Annotated[Number, Field(ge=0, le=1)] | None = None

    @property
    def is_out_of_time(self) -> bool:
        """Whether what judged is later than what was fitted."""
        return self.validation != "by entity, not out of time"

    @model_validator(mode="after")
    def _later(self) -> Self:
        if self.is_out_of_time:
            if self.embargo_days is None:
                raise ValueError("embargo_days is missing")
            if self.windows is None:
                raise ValueError("windows is missing")
            fitted, judged = _dates("development", self.development), _dates("out_of_time", self.out_of_time)
            if (min(judged) - max(fitted)).days < self.embargo_days:
                raise ValueError(
                    f"out_of_time begins less than embargo_days {self.embargo_days} after development ends"
                )
        elif set(self.development) & set(self.out_of_time):
            raise ValueError("out_of_time holds a part of development")
        return self

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.out_of_time_left > self.out_of_time_rows:
            raise ValueError("out_of_time_left is more than out_of_time_rows")
        if (self.left_voluntary or 0) + (self.left_involuntary or 0) > self.out_of_time_left:
            raise ValueError("left_voluntary and left_involuntary are more than out_of_time_left")
        return self


class SliceAuc(StrictModel):
    """Some of the people: how well they are ranked; without a figure a sentence says why."""

    slice: str = Field(min_length=1)
    range: str
    rows: int = Field(ge=1)
    left: int = Field(ge=0)
    auc: ProportionEstimate | None = None
    sentence: str | None = None

    @model_validator(mode="after")
    def _told(self) -> Self:
        if self.auc is None and not self.sentence:
            raise ValueError("auc is missing, and no sentence says why")
        return self


class Evidence(StrictModel):
    """What the gate needs to know of a challenger.

    `schema` is 2: evidence of an earlier one lacks what the gate asks for. `code` is the hash of the code that made
    features and model, `commit` that of git where there is one. `metrics_undecided` are the figures without those whose
    auto-renew was off at the date; `baselines` maps a baseline's name to the difference of AUC, challenger minus
    baseline, paired; `leaks` is what the checks for leaks found; `slices` the figures among some of the people.
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
    leaks: list[Leak] = Field(min_length=1)
    slices: list[SliceAuc] | None = None


def _dates(name: str, texts: Sequence[str]) -> list[date]:
    try:
        return [date.fromisoformat(text) for text in texts]
    except ValueError:
        raise ValueError(f"{name} holds what is no date") from None


class EvidenceError(ValueError):
    """The evidence lacks something or holds something that is not a number."""


def parse(raw: Mapping[str, Any]) -> Evidence:
    """Read an evidence file's content.

    Raises:
        EvidenceError: names the first field that is missing or unusable.
    """
    return read(Evidence, raw)


def read(kind: type[Kind], raw: Mapping[str, Any]) -> Kind:
    """Read a file's content as what it should be.

    Raises:
        EvidenceError: names the first field that is missing or unusable.
    """
    try:
        return kind.model_validate(dict(raw))
    except ValidationError as error:
        raise EvidenceError(first_problem(error)) from None


def first_problem(error: ValidationError) -> str:
    """The first field that cannot be used, and why."""
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg'].removeprefix('Value error, ')}"
