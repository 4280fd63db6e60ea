"""Put the version before back in production: one command, nothing is scored."""

from collections.abc import Callable, Sequence
from datetime import date

from registry.ledger.history import promoted_files
from registry.ledger.ledger import LedgerEntry
from registry.release.alias_transitions import execute, reconcile
from registry.release.promotion_outcome import PromotionOutcome
from registry.versions.version_files import VersionFilesError, verified_files
from stack.errors import PrichalError


class NoPreviousError(PrichalError):
    """There is nothing to roll back to."""


class NoReasonError(PrichalError):
    """A rollback without a reason cannot be defended."""


def rollback(
    database_url: str, model: str, who: str, reason: str, produced: Callable[[str], Sequence[date]]
) -> PromotionOutcome:
    """Put `previous` back in production.

    The withdrawn version keeps no alias, so that a second call cannot undo the first, and the gate alone cannot bring
    it back.

    Args:
        database_url: where the ledger is.
        model: registered name.
        who: written to the ledger.
        reason: why, one sentence.
        produced: the score dates that a version produced; they are named in the row.

    Raises:
        NoReasonError: the reason is empty.
        VersionFilesError: the files of the version before are not those that were promoted, or cannot be loaded.
        NoPreviousError: the ledger knows no version before, or MLflow has it no more.
        TamperedError: rows of the ledger are gone.
    """
    if not reason.strip():
        raise NoReasonError("A rollback needs a reason: give it as -P reason=....")
    with reconcile(database_url, [model], who) as locked_models:
        state = locked_models.state(model)
        if state.previous is None or state.production is None:
            raise NoPreviousError(
                f"Model {model} has no version to roll back to (production is {state.production or 'not set'}, "
                f"previous is {state.previous or 'not set'}): promote another version instead."
            )
        _require_approved_files(model, state.previous, promoted_files(state, state.previous))
        dates = sorted(produced(state.production))
        decision = {"dates": [day.isoformat() for day in dates]}
        line = " ".join(reason.split())
        execute(locked_models, [LedgerEntry(who, model, "rollback", state.previous, state.production, line, decision)])
        numbers = [row.id for row in locked_models.written]
        return PromotionOutcome(model, "rollback", state.previous, state.production, None, line, numbers, dates=dates)


def _require_approved_files(model: str, version: str, sha256: str | None) -> None:
    """See that the version could score; of a ledger without digests that is seen when it does."""
    if sha256 is None:
        return
    try:
        with verified_files(model, version, sha256):
            pass
    except VersionFilesError as error:
        raise VersionFilesError(f"Nothing was rolled back. {error}") from None
