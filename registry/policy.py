"""What a project demands of a model before it may score."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: the platform's floor: no project can go below it.
FLOOR = 0.70


class Policy(BaseModel):
    """Bounds of the gate.

    Attributes:
        version: raise it when a bound changes; decisions name it.
        lowest_auc: what the lower end of the 95% interval of the out-of-time AUC must reach.
        baselines: baseline -> what the lower end of the 95% interval of the difference in AUC, challenger
            minus baseline, must reach. 0: better for sure. A little below 0: not worse by more than that;
            a point estimate below 0 alone is noise (docs/adr/0003-gate.md).
        fewest_left: rows of customers who left, out of time.
        largest_calibration_error: expected calibration error, out of time.
        allow_not_out_of_time: whether a model may score that was judged on other people of the same day, because
            its table has no dates; the bounds then hold for those.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    lowest_auc: float = Field(default=FLOOR, ge=FLOOR, le=1)
    baselines: dict[str, Annotated[float, Field(ge=-0.02, le=0.5)]] = Field(
        default={"recency": 0.0, "logistic": -0.005}, min_length=1
    )
    fewest_left: int = Field(default=200, ge=1)
    largest_calibration_error: float = Field(default=0.05, gt=0, le=1)
    allow_not_out_of_time: bool = False
