"""What became of a model when a promotion, a review or a rollback was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.gate.gate import Decision
from registry.versions.versions import Contenders


@dataclass(frozen=True)
class PromotionOutcome:
    """The outcome for one model.

    Attributes:
        model: registered name.
        act: `promote`, `refuse`, `rollback`, `reject`; `review` where a review waits; `keep` where the challenger was
            in production already; `void` where something changed while it was judged; `absent` where nothing is
            proposed.
        version: that it is about; empty for `absent`.
        replaced: version that was in production.
        decision: the gate's; None where it was not asked.
        reason: a sentence.
        rows: numbers of the ledger's rows that were written, those of repairs too.
        contenders: the versions that were judged.
        measured: what was measured of it.
        dates: score dates that a withdrawn version produced.
    """

    model: str
    act: str
    version: str
    replaced: str | None
    decision: Decision | None
    reason: str = ""
    rows: Sequence[int] = ()
    contenders: Contenders | None = None
    measured: Mapping[str, Any] | None = None
    dates: Sequence[date] = ()
