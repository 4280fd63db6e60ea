"""The evidence file, read strictly: a number that is missing or not finite is an error, not a default."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("is not a finite number")
    return value


Number = Annotated[float, AfterValidator(_finite)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Interval(_Strict):
    """A value with its 95% interval; `lowest` to 1 is what can be."""

    value: Number
    low: Number
    high: Number
    lowest: ClassVar[float] = -1

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.lowest <= self.low <= self.value <= self.high <= 1:
            raise ValueError(f"is not a value from {self.lowest:g} to 1 inside its interval")
        return self


class Share(Interval):
    """A value within [0, 1]."""

    lowest: ClassVar[float] = 0


class Metrics(_Strict):
    """Out-of-time figures of the challenger."""

    auc: Share
    log_loss: Number
    calibration_error: Annotated[Number, Field(ge=0, le=1)]
    calibration_slope: Number


class Data(_Strict):
    """What was fitted and what judged: dates, with the embargo between them; or parts of the entities of one day.

    That rows are out of time is not believed, it is seen by their dates.
    Where a contract tells: how many out of time left by choice and how many not, and the share of rows whose
    auto-renew was off already.
    """

    digest: str = Field(min_length=8)
    development: list[str] = Field(min_length=1)
    out_of_time: list[str] = Field(min_length=1)
    validation: Literal["out of time", "by entity, not out of time"] | None = None
    embargo_days: int | None = Field(default=None, ge=1)
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
            fitted, judged = _dates("development", self.development), _dates("out_of_time", self.out_of_time)
            if (min(judged) - max(fitted)).days < self.embargo_days:
                raise ValueError(
                    f"out_of_time begins less than embargo_days {self.embargo_days} after development ends"
                )
        return self

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.out_of_time_left > self.out_of_time_rows:
            raise ValueError("out_of_time_left is more than out_of_time_rows")
        if (self.left_voluntary or 0) + (self.left_involuntary or 0) > self.out_of_time_left:
            raise ValueError("left_voluntary and left_involuntary are more than out_of_time_left")
        return self


class Evidence(_Strict):
    """What the gate needs to know of a challenger.

    `metrics_undecided` are the figures without those whose auto-renew was off at the date; `baselines` maps a
    baseline's name to the difference of AUC, challenger minus baseline, paired.
    """

    model: str
    family: str
    data: Data
    metrics: Metrics
    metrics_undecided: Metrics | None = None
    baselines: dict[str, Interval]


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
    try:
        return Evidence.model_validate(dict(raw))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise EvidenceError(f"{where}: {problem['msg'].removeprefix('Value error, ')}") from None
