"""What a project demands of a model before it may score."""

from pydantic import BaseModel, ConfigDict, Field

#: the platform's floor: no project can go below it.
FLOOR = 0.70


class Policy(BaseModel):
    """Bounds of the gate.

    Attributes:
        version: raise it when a bound changes; decisions name it.
        lowest_auc: what the lower end of the 95% interval of the out-of-time AUC must reach.
        baselines: baselines that must be in the evidence.
        worst_difference: how far below 0 the lower end of the difference to a baseline may lie; the
            difference itself may not be below 0.
        fewest_left: rows of customers who left, out of time.
        largest_calibration_error: expected calibration error, out of time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    lowest_auc: float = Field(default=FLOOR, ge=FLOOR, le=1)
    baselines: tuple[str, ...] = ("recency", "logistic")
    worst_difference: float = Field(default=0.01, ge=0, le=0.1)
    fewest_left: int = Field(default=200, ge=1)
    largest_calibration_error: float = Field(default=0.05, gt=0, le=1)
