"""Content of a review page; the most important section is first, and the last one is cut first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from registry.gate.evidence import EvidenceError, read
from registry.gate.gate import Decision
from registry.gate.measurements import Measurements
from registry.review_page import changes, figures, provenance, response_model
from registry.review_page.blocks import (
    Block,
    Page,
    Picture,
    Section,
    Text,
)
from registry.review_page.verdict import (
    checks_section,
    first_version_note,
    review_commands,
    verdict,
)
from registry.versions.versions import Contenders

#: name of a picture -> caption.
CAPTIONS = {
    "auc": "ROC-AUC of both versions on the same rows, and their paired difference with the gate's margin.",
    "calibration": "Predicted and observed share of churn in tenths of the same rows, 95% intervals over people.",
    "scores": "Number of rows by probability.",
    "moved": "Rank of each row by production and by the challenger; the lines mark the riskiest tenth.",
}
#: pictures of the section on the score shift; all others belong to the comparison.
SCORE_SHIFT_PICTURES = ("moved",)


def contents(
    contenders: Contenders,
    measured: Mapping[str, Any] | None,
    decision: Decision,
    pictures: Mapping[str, bytes],
    needs_approval: bool,
    together: bool,
    when: datetime | None,
) -> Page:
    """Content of the page.

    Args:
        contenders: the challenger and the version in production.
        measured: measurements of the promotion as they are; None if there are none.
        decision: the gate's.
        pictures: PNGs by name.
        needs_approval: whether an accepted version needs an approval.
        together: whether the review is of a release with other models.
        when: the moment of the decision.
    """
    captions = {**CAPTIONS, **response_model.CAPTIONS}
    captioned = {name: Picture(captions.get(name, name), png) for name, png in pictures.items()}
    if response_model.is_response_model(contenders):
        about = response_model.response_sections(contenders, measured, [*captioned.values()])
        sections = [*about, provenance.approval_section(contenders, decision)]
    else:
        sections = _churn_sections(contenders, measured, decision, captioned)
    lead: list[Block] = [
        *first_version_note(contenders),
        *review_commands(contenders, decision, needs_approval, together),
    ]
    if when is not None:
        lead.insert(0, Text(f"Decided by the gate on {when:%Y-%m-%d %H:%M} {when:%Z}".rstrip() + "."))
    return Page(
        f"{contenders.challenger.model} version {contenders.challenger.number}",
        decision.accepted,
        verdict(contenders, decision, needs_approval),
        lead,
        [checks_section(decision), *sections],
    )


def _churn_sections(
    contenders: Contenders,
    measured: Mapping[str, Any] | None,
    decision: Decision,
    captioned: Mapping[str, Picture],
) -> list[Section]:
    measurements = _parse(measured)
    shift_pictures = [picture for name, picture in captioned.items() if name in SCORE_SHIFT_PICTURES]
    others = [picture for name, picture in captioned.items() if name not in SCORE_SHIFT_PICTURES]
    sections = (
        figures.comparison_section(contenders, measurements, others),
        figures.score_shift_section(contenders, measurements, shift_pictures),
        changes.changes_section(contenders),
        provenance.approval_section(contenders, decision),
        figures.slice_section(contenders, measurements),
        provenance.reasons_section(contenders),
        provenance.leakage_section(contenders),
    )
    return [section for section in sections if section is not None]


def _parse(measured: Mapping[str, Any] | None) -> Measurements | None:
    """The measurements; None if they are missing or invalid, which the gate reports."""
    if measured is None:
        return None
    try:
        return read(Measurements, measured)
    except EvidenceError:
        return None
