"""The policy: the bounds that a project sets for a model in production."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from registry.gate.evidence import first_problem
from stack.errors import PrichalError

#: the platform's floor: no project can go below it.
FLOOR = 0.70
#: the largest difference in probability between two ways of scoring a version.
PARITY_TOLERANCE = 1e-9
#: the widest margin below production that a policy can allow.
WIDEST = 0.03

#: bounds that a release added after digests of policies were in ledgers.
LATER_BOUNDS = ("uplift",)

Margin = Annotated[float, Field(ge=0, le=WIDEST)]


PValue = Annotated[float, Field(ge=0, le=0.05)]


class UpliftBounds(BaseModel):
    """Bounds for response models, which predict what an action changes.

    Attributes:
        fewest_rows_per_arm: minimum number of judged rows of each arm.
        lowest_sample_ratio_p: minimum p-value of the numbers by arm against the design.
        lowest_balance_p: minimum p-value of the features of each action against control, for all of them together.
        largest_contaminated_share: maximum share of control rows with a contact outside the design.
        lowest_slope: the 95% interval of the slope of measured on predicted effects must not lie below this value.
        highest_slope: nor above this one.
        largest_effect_gap: the 95% interval of predicted minus measured effect must not lie further from 0.
        margin: how far below 0 the lower end of the 95% interval of the paired difference in gain, challenger minus
            production, may lie.
        largest_gain_change: maximum change of the gain between evidence and promotion, on the same rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    fewest_rows_per_arm: int = Field(default=200, ge=1)
    lowest_sample_ratio_p: PValue = 0.001
    lowest_balance_p: PValue = 0.001
    largest_contaminated_share: float = Field(default=0.05, ge=0, le=1)
    lowest_slope: float = Field(default=0.5, gt=0, le=1)
    highest_slope: float = Field(default=2.0, ge=1)
    largest_effect_gap: float = Field(default=0.02, gt=0, le=1)
    margin: Margin = 0.01
    largest_gain_change: float = Field(default=0.001, ge=0, le=0.02)


class PolicyError(PrichalError):
    """A bound of the policy is outside its allowed range, or does not exist."""


class Policy(BaseModel):
    """Bounds of the gate.

    Attributes:
        version: raise it when a bound changes; decisions store it with the whole policy.
        lowest_auc: minimum of the lower end of the 95% interval of the out-of-time AUC.
        baselines: baseline -> minimum of the lower end of the 95% interval of the difference in AUC, challenger
            minus baseline. 0 requires a better model. A value below 0 allows a model that is worse by at most that;
            a point estimate below 0 alone is noise (docs/adr/0003-gate.md).
        fewest_left: minimum number of out-of-time rows in which the customer left.
        largest_calibration_error: maximum of the out-of-time expected calibration error.
        allow_not_out_of_time: whether to accept a model that was validated on other people of the same date, because
            its table has no dates; all bounds then apply to those people.
        margin: how far below 0 the lower end of the 95% interval of the paired difference in AUC, challenger minus
            production, may lie.
        margins: model -> its margin, where it differs. A model with few rows needs a wider one: a margin narrower
            than its interval refuses equally good models (`make bench-gate`).
        largest_auc_change: maximum change of the AUC between evidence and promotion, on the same rows.
        lowest_slice_auc: minimum of the upper end of the interval of a slice's AUC; None skips the check.
        lowest_refit_correlation: minimum of the rank correlation between the scores of the judged model and of the
            refit, on the latest snapshot.
        largest_refit_shift: maximum shift of the mean score from the judged model to the refit, in log-odds, on the
            latest snapshot; each slice may shift by twice as much.
        oldest_days: maximum number of days from the end of the labels to the end of the data.
        largest_megabytes: maximum size of the version's files.
        slowest_ms_per_1000_rows: maximum time of scoring with reasons, in one process.
        uplift: bounds for response models.
        review: whether every accepted version needs an approval, in mode `auto` too.

    Raises:
        PolicyError: a bound is outside its allowed range, or does not exist.
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
    lowest_refit_correlation: float = Field(default=0.8, ge=0.5, le=1)
    largest_refit_shift: float = Field(default=0.5, gt=0, le=2)
    oldest_days: int = Field(default=62, ge=1)
    largest_megabytes: float = Field(default=100.0, gt=0)
    slowest_ms_per_1000_rows: float = Field(default=2000.0, gt=0)
    review: bool = False
    uplift: UpliftBounds = UpliftBounds()

    def __init__(self, **bounds: Any) -> None:
        try:
            super().__init__(**bounds)
        except ValidationError as error:
            raise PolicyError(
                f"The policy is invalid: {first_problem(error)}; registry/gate/policy.py lists the allowed bounds."
            ) from None

    def margin_of(self, model: str) -> float:
        """Allowed margin below production for the model of this name."""
        return self.margins.get(model, self.margin)
