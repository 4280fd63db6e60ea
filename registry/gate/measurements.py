"""What a promotion measured on its own day, read strictly: both versions on the same rows, and whether one can score.

The registry measures nothing itself: whoever asks for a promotion hands this in, and what is missing is a refusal.
"""

from typing import Annotated, Literal

from pydantic import Field

from registry.gate.evidence import (
    Day,
    DifferenceEstimate,
    Number,
    ProportionEstimate,
    StrictModel,
)


class SliceDifference(StrictModel):
    """Some of the people: how far the AUC of the challenger lies above that of production, paired; None if too few."""

    slice: str = Field(min_length=1)
    range: str
    rows: int = Field(ge=1)
    left: int = Field(ge=0)
    difference: DifferenceEstimate | None


class ProductionComparison(StrictModel):
    """The version in production on the same rows as the challenger.

    `bootstrap` and `delong` are the difference of ROC-AUC, challenger minus production, paired over people, with 95%
    intervals made by drawing and by DeLong's variance.
    """

    version: str = Field(min_length=1)
    digest: str = Field(min_length=8)
    auc: ProportionEstimate
    bootstrap: DifferenceEstimate
    delong: DifferenceEstimate
    slices: list[SliceDifference]


class ScoreShift(StrictModel):
    """Who is scored differently: of the rows compared, those in the riskiest tenth by either version."""

    rank_correlation: Annotated[Number, Field(ge=-1, le=1)]
    top: int = Field(ge=1)
    entered: int = Field(ge=0)
    withdrawn: int = Field(ge=0)


class Parity(StrictModel):
    """Largest distance of a probability from the model library's own, on sampled rows; and which texts differ."""

    rows: int = Field(ge=1)
    pyfunc: Annotated[Number, Field(ge=0)]
    spark: Annotated[Number, Field(ge=0)]
    texts: list[str]


class Rows(StrictModel):
    """The matured rows that both were scored on: later than everything that either has learnt from."""

    dates: list[str] = Field(min_length=1)
    digest: str = Field(min_length=8)
    rows: int = Field(ge=1)
    left: int = Field(ge=1)
    matured_until: Day | None


class FeatureAvailability(StrictModel):
    """Whether scoring can supply what the challenger asks for; where it cannot, nothing more is measured.

    Attributes:
        version: of the challenger.
        digest: of its files.
        features_missing: features of its signature that snapshots do not hold.
        outputs_missing: what scoring needs and the signature does not promise.
    """

    format: Literal[1] = Field(alias="schema")
    version: str = Field(min_length=1)
    digest: str = Field(min_length=8)
    features_missing: list[str]
    outputs_missing: list[str]

    @property
    def has_gap(self) -> bool:
        """Whether something is missing."""
        return bool(self.features_missing or self.outputs_missing)


class Measurements(FeatureAvailability):
    """What the gate needs to know beside the evidence (docs/evidence.md).

    Attributes:
        as_of: the last day of the data; None where the table has no dates.
        rows: what both were scored on.
        auc: the challenger's, scored now; its evidence must say the same.
        versus: the version in production, None if there is none.
        moved: who is scored differently, None if there is no version in production.
        parity: the three ways to score, on sampled rows.
        bytes: size of the version's files.
        ms_per_1000_rows: of the pyfunc with reasons, warm.
    """

    as_of: Day | None
    rows: Rows
    auc: ProportionEstimate
    versus: ProductionComparison | None
    moved: ScoreShift | None
    parity: Parity
    bytes: int = Field(ge=1)
    ms_per_1000_rows: Annotated[Number, Field(ge=0)]
