"""What a project demands of a model before it may score."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from registry.gate.evidence import first_problem
from stack.errors import PrichalError

#: the platform's floor: no project can go below it.
FLOOR = 0.70
#: as far below production as a model may ever be allowed to be.
WIDEST = 0.03

Margin = Annotated[float, Field(ge=0, le=WIDEST)]


class PolicyError(PrichalError):
    """A policy that waives too much, or asks for what does not exist."""


class Policy(BaseModel):
    """Bounds of the gate.

    Attributes:
        version: raise it when a bound changes; decisions name it, and hold the whole policy.
        lowest_auc: what the lower end of the 95% interval of the out-of-time AUC must reach.
        baselines: baseline -> what the lower end of the 95% interval of the difference in AUC, challenger
            minus baseline, must reach. 0: better for sure. A little below 0: not worse by more than that;
            a point estimate below 0 alone is noise (docs/adr/0003-gate.md).
        fewest_left: rows of customers who left, out of time.
        largest_calibration_error: expected calibration error, out of time.
        allow_not_out_of_time: whether a model may score that was judged on other people of the same day, because
            its table has no dates; the bounds then hold for those.
        margin: how far below production the lower end of the 95% interval of the paired difference in AUC may lie.
        margins: the same for models that need another one, by name: few rows tell little, and a margin narrower
            than what they can tell keeps out equals (`make bench-gate`).
        largest_auc_change: how far the AUC scored now may lie from that of the evidence, on the same rows.
        lowest_slice_auc: what the upper end of the interval of a slice's AUC must reach; None does not ask.
        oldest_days: between the day up to which the labels of the rows look, and the last day of the data.
        largest_megabytes: the version's files.
        slowest_ms_per_1000_rows: with reasons, in one process.
        review: whether a person approves whatever the gate accepts, in mode `auto` too.

    Raises:
        PolicyError: a bound is not among those allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    version: int = 1
    lowest_auc: float = Field(default=FLOOR, ge=FLOOR, le=1)
    baselines: dict[str, Annotated[float, Field(ge=-0.02, le=0.5)]] = Field(
        default={"recency": 0.0, "logistic": -0.005}, min_length=1
    )
    fewest_left: int = Field(default=200, ge=1)
    largest_calibration_error: float = Field(default=0.05, gt=0, le=1)
    allow_not_out_of_time: bool = False
    margin: Margin = 0.0075
    margins: dict[str, Margin] = {}
    largest_auc_change: float = Field(default=0.002, ge=0, le=0.02)
    lowest_slice_auc: Annotated[float, Field(ge=0, le=1)] | None = 0.5
    oldest_days: int = Field(default=62, ge=1)
    largest_megabytes: float = Field(default=100.0, gt=0)
    slowest_ms_per_1000_rows: float = Field(default=2000.0, gt=0)
    review: bool = False

    def __init__(self, **bounds: Any) -> None:
        try:
            super().__init__(**bounds)
        except ValidationError as error:
            raise PolicyError(
                f"The policy cannot be used: {first_problem(error)}; see registry/gate/policy.py."
            ) from None

    def margin_of(self, model: str) -> float:
        """How far below production a model of this name may be."""
        return self.margins.get(model, self.margin)
