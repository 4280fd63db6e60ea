"""All of a review, in one order: the first is what a decision needs most, the last is cut first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from registry.gate.evidence import EvidenceError, read
from registry.gate.gate import Decision
from registry.gate.measurements import Measurements
from registry.review_page import changes, figures, provenance
from registry.review_page.blocks import (
    Block,
    Page,
    Picture,
    Text,
)
from registry.review_page.verdict import (
    checks,
    first_only,
    to_decide,
    verdict,
)
from registry.versions.versions import Contenders

#: name of a picture -> what it shows.
CAPTIONS = {
    "auc": "ROC-AUC of both on the same rows, and their paired difference with the line of what the gate allows.",
    "calibration": "Predicted against observed in tenths of the same rows, 95% intervals over people.",
    "scores": "How many rows get which probability.",
    "moved": "Each row's place by production and by the challenger; beyond the lines lies the riskiest tenth.",
}
#: those that stand with who is scored differently; all others stand with the figures.
OF_MOVED = ("moved",)


def contents(
    contenders: Contenders,
    measured: Mapping[str, Any] | None,
    decision: Decision,
    pictures: Mapping[str, bytes],
    waits: bool,
    together: bool,
    when: datetime | None,
) -> Page:
    """What a reviewer reads.

    Args:
        contenders: the challenger and the version in production.
        measured: what the promotion measured, as it was handed in; None if it could not be.
        decision: the gate's.
        pictures: PNGs by name.
        waits: whether a person has to approve what the gate accepts.
        together: whether other models wait with it, as one release.
        when: the moment of the decision.
    """
    found = _usable(measured)
    of_moved, others = (
        [Picture(CAPTIONS.get(name, name), png) for name, png in pictures.items() if (name in OF_MOVED) == moved]
        for moved in (True, False)
    )
    sections = (
        checks(decision),
        figures.versus(contenders, found, others),
        figures.moved(contenders, found, of_moved),
        changes.changed(contenders),
        provenance.bound(contenders, decision),
        figures.slices(contenders, found),
        provenance.reasons(contenders),
        provenance.leaks(contenders),
    )
    lead: list[Block] = [*first_only(contenders), *to_decide(contenders, decision, waits, together)]
    if when is not None:
        lead.insert(0, Text(f"Decided by the gate on {when:%Y-%m-%d %H:%M} {when:%Z}".rstrip() + "."))
    return Page(
        f"{contenders.challenger.model} version {contenders.challenger.number}",
        decision.accepted,
        verdict(contenders, decision, waits),
        lead,
        [section for section in sections if section is not None],
    )


def _usable(measured: Mapping[str, Any] | None) -> Measurements | None:
    """None too if it lacks something: the gate has refused that and says what."""
    if measured is None:
        return None
    try:
        return read(Measurements, measured)
    except EvidenceError:
        return None
