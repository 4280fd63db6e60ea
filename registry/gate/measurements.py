"""Measurements of a promotion, read strictly: both versions on the same rows, and whether the challenger can score.

The registry measures nothing itself: the caller of a promotion passes the measurements. The gate refuses what is
missing.
"""

from typing import Annotated, Literal

from pydantic import Field

from registry.gate.evidence import (
    DifferenceEstimate,
    FiniteNumber,
    IsoDate,
    ProportionEstimate,
    StrictModel,
)


class SliceDifference(StrictModel):
    """Paired difference of AUC in one slice, challenger minus production; None if the slice has too few rows."""

    slice: str = Field(min_length=1)
    range: str
    rows: int = Field(ge=1)
    left: int = Field(ge=0)
    difference: DifferenceEstimate | None


class ProductionComparison(StrictModel):
    """The version in production, scored on the same rows as the challenger.

    `bootstrap` and `delong` are the difference of ROC-AUC, challenger minus production, paired over people, with 95%
    intervals by bootstrap and by DeLong's variance.
    """

    version: str = Field(min_length=1)
    digest: str = Field(min_length=8)
    auc: ProportionEstimate
    bootstrap: DifferenceEstimate
    delong: DifferenceEstimate
    slices: list[SliceDifference]


class ScoreShift(StrictModel):
    """How the order of the rows changes from production to the challenger.

    Attributes:
        rank_correlation: Spearman's, over all rows.
        top: rows in the riskiest tenth.
        entered: rows in the riskiest tenth by the challenger only.
        withdrawn: rows in the riskiest tenth by production only.
    """

    rank_correlation: Annotated[FiniteNumber, Field(ge=-1, le=1)]
    top: int = Field(ge=1)
    entered: int = Field(ge=0)
    withdrawn: int = Field(ge=0)


class Parity(StrictModel):
    """Largest difference of a probability from the model library's own, on sampled rows; and which texts differ."""

    rows: int = Field(ge=1)
    pyfunc: Annotated[FiniteNumber, Field(ge=0)]
    spark: Annotated[FiniteNumber, Field(ge=0)]
    texts: list[str]


class ComparedRows(StrictModel):
    """The matured rows that both versions were scored on; neither version was trained on them."""

    dates: list[str] = Field(min_length=1)
    digest: str = Field(min_length=8)
    rows: int = Field(ge=1)
    left: int = Field(ge=1)
    matured_until: IsoDate | None


class FeatureAvailability(StrictModel):
    """Whether scoring can provide the features that the challenger needs; if not, nothing else is measured.

    Attributes:
        version: number of the challenger.
        digest: SHA-256 of its files.
        features_missing: features of its signature that snapshots do not contain.
        outputs_missing: outputs that scoring needs and the signature does not have.
    """

    format: Literal[1] = Field(alias="schema")
    version: str = Field(min_length=1)
    digest: str = Field(min_length=8)
    features_missing: list[str]
    outputs_missing: list[str]

    @property
    def has_gap(self) -> bool:
        """Whether a feature or an output is missing."""
        return bool(self.features_missing or self.outputs_missing)


class ScoringCost(FeatureAvailability):
    """What scoring with the version costs, and whether it can score.

    Attributes:
        bytes: size of the version's files.
        ms_per_1000_rows: time of the pyfunc, after the first call.
    """

    bytes: int = Field(ge=1)
    ms_per_1000_rows: Annotated[FiniteNumber, Field(ge=0)]


class Measurements(ScoringCost):
    """Measurements that the gate needs beside the evidence (docs/evidence.md).

    Attributes:
        as_of: the last day of the data; None where the table has no dates.
        rows: the rows that both versions were scored on.
        auc: ROC-AUC of the challenger on these rows.
        comparison: the version in production on these rows; None if there is none. Stored as `versus`.
        score_shift: how the order of rows changes; None if no version is in production. Stored as `moved`.
        parity: the three paths of scoring, on sampled rows.
        ms_per_1000_rows: time of the pyfunc with reasons, after the first call.
    """

    as_of: IsoDate | None
    rows: ComparedRows
    auc: ProportionEstimate
    comparison: ProductionComparison | None = Field(alias="versus")
    score_shift: ScoreShift | None = Field(alias="moved")
    parity: Parity
