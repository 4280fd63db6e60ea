"""Evidence and measurements of a response model, read strictly: a missing or non-finite number is an error."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from registry.gate.evidence import DifferenceEstimate, FiniteNumber, IntervalEstimate, StrictModel
from registry.gate.measurements import ScoringCost

Share = Annotated[FiniteNumber, Field(ge=0, le=1)]


class UpliftData(StrictModel):
    """Rows of the experiment: earlier campaigns for the fit (`development`), later ones that judge (`judged`).

    Without several campaigns, people are split instead and `validation` says so. `rows_by_arm` counts judged rows.
    """

    digest: str = Field(min_length=8)
    judged_digest: str = Field(min_length=8)
    validation: Literal["out of time", "by person, not out of time"]
    development: list[str] = Field(min_length=1)
    judged: list[str] = Field(min_length=1)
    development_rows: int = Field(ge=1)
    judged_rows: int = Field(ge=1)
    rows_by_arm: dict[str, int] = Field(min_length=2)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if sum(self.rows_by_arm.values()) != self.judged_rows:
            raise ValueError("rows_by_arm must add up to judged_rows")
        if self.validation == "out of time" and set(self.development) & set(self.judged):
            raise ValueError("judged must not contain a campaign of development")
        return self


class SampleRatioResult(StrictModel):
    """Numbers by arm against the design; `campaign` is where they fit worst."""

    p_value: Share
    campaign: str


class BalanceResult(StrictModel):
    """Features of each action against control; `feature` and `action` are where they differ most."""

    p_value: Share
    feature: str
    action: str
    comparisons: int = Field(ge=0)


class ContaminationResult(StrictModel):
    """Share of control rows with a contact outside the design (None if not counted), or of another campaign."""

    share: Share | None
    other_campaigns: Share
    days: int = Field(ge=0)


class DesignResults(StrictModel):
    """Checks of the experiment's design."""

    sample_ratio: SampleRatioResult
    balance: BalanceResult
    contamination: ContaminationResult


class GainResults(StrictModel):
    """Gain in the share of people who stay, averaged over all budgets, on the judged rows.

    Attributes:
        area: of targeting by the model.
        over_constant: `area` minus that of one effect for everybody, paired.
    """

    area: DifferenceEstimate
    over_constant: DifferenceEstimate


class EffectCalibrationResult(StrictModel):
    """Slope of measured on predicted effects, and predicted minus measured effect; no slope for a constant effect."""

    slope: IntervalEstimate | None
    gap: DifferenceEstimate


class UpliftEvidence(StrictModel):
    """Evidence of a response model, as far as the gate reads it.

    Attributes:
        learner: name of the procedure.
        constant: whether everybody gets the same effect of an action, because no difference between people was usable.
        average_effects: of each action on all rows; the intervals hold for all actions at once.
        placebo: ordering gain of the model among control rows whose arms were drawn by a coin.
    """

    version: Literal[1] = Field(alias="schema")
    kind: Literal["uplift"]
    model: str
    learner: str
    constant: bool
    code: str = Field(min_length=8)
    packages: dict[str, str] = Field(min_length=1)
    data: UpliftData
    gain: GainResults
    average_effects: dict[str, DifferenceEstimate] = Field(min_length=1)
    calibration: EffectCalibrationResult
    design: DesignResults
    placebo: DifferenceEstimate

    @model_validator(mode="after")
    def _has_slope(self) -> Self:
        if not self.constant and self.calibration.slope is None:
            raise ValueError("calibration.slope is required unless the effect is constant")
        return self


class GainRows(StrictModel):
    """The rows that both versions were scored on."""

    campaigns: list[str] = Field(min_length=1)
    digest: str = Field(min_length=8)
    rows: int = Field(ge=1)


class UpliftComparison(StrictModel):
    """The version in production on the same rows; `difference` is challenger minus production, paired over people."""

    version: str = Field(min_length=1)
    digest: str = Field(min_length=8)
    area: DifferenceEstimate
    difference: DifferenceEstimate


class UpliftParity(StrictModel):
    """Largest difference of an effect of the registered model from the learner's own, on sampled rows."""

    rows: int = Field(ge=1)
    pyfunc: Annotated[FiniteNumber, Field(ge=0)]


class UpliftMeasurements(ScoringCost):
    """Measurements of a response model on the day of its promotion.

    Attributes:
        rows: the judged rows of its evidence.
        area: gain of the challenger on these rows, averaged over all budgets.
        comparison: the version in production; None if there is none. Stored as `versus`.
        parity: registered model against the learner as it was fitted.
    """

    rows: GainRows
    area: DifferenceEstimate
    comparison: UpliftComparison | None = Field(alias="versus")
    parity: UpliftParity
