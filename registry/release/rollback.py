"""Roll back: put the previous version in production. Nothing is scored."""

from collections.abc import Callable, Sequence
from datetime import date

from registry.ledger.history import promoted_files
from registry.ledger.ledger import LedgerEntry
from registry.release.alias_transitions import execute, reconcile
from registry.release.production import TRAIN_AND_PROMOTE
from registry.release.promotion import PromotionOutcome
from registry.versions.version_files import VersionFilesError, verified_files
from stack.errors import PrichalError


class NoPreviousError(PrichalError):
    """There is no previous version."""


class NoReasonError(PrichalError):
    """A rollback has no reason."""


def rollback(
    database_url: str, model: str, who: str, reason: str, produced: Callable[[str], Sequence[date]]
) -> PromotionOutcome:
    """Put `previous` in production.

    The withdrawn version has no alias afterwards, so a second rollback does not restore it, and a later promotion of
    it needs a review.

    Args:
        database_url: where the ledger is.
        model: registered name.
        who: written into the ledger.
        reason: why, one sentence.
        produced: version -> dates that it scored; the row stores the dates of the withdrawn version.

    Raises:
        NoReasonError: the reason is empty.
        VersionFilesError: the files of the previous version differ from the promoted ones, or cannot be loaded.
        NoPreviousError: the ledger has no previous version, or MLflow no longer has it.
        TamperedError: rows of the ledger are missing.
    """
    if not reason.strip():
        raise NoReasonError("The reason of the rollback is empty: pass it as -P reason=....")
    with reconcile(database_url, [model], who) as locked_models:
        state = locked_models.state(model)
        if state.previous is None or state.production is None:
            raise NoPreviousError(
                f"Model {model} has no version to roll back to (production is {state.production or 'not set'}, "
                f"previous is {state.previous or 'not set'}): {TRAIN_AND_PROMOTE}."
            )
        _require_approved_files(model, state.previous, promoted_files(state, state.previous))
        dates = sorted(produced(state.production))
        decision = {"dates": [day.isoformat() for day in dates]}
        line = " ".join(reason.split())
        execute(locked_models, [LedgerEntry(who, model, "rollback", state.previous, state.production, line, decision)])
        numbers = [row.id for row in locked_models.written]
        return PromotionOutcome(model, "rollback", state.previous, state.production, None, line, numbers, dates=dates)


def _require_approved_files(model: str, version: str, sha256: str | None) -> None:
    """Require that the version can score; a ledger without digests leaves this to the next scoring."""
    if sha256 is None:
        return
    try:
        with verified_files(model, version, sha256):
            pass
    except VersionFilesError as error:
        raise VersionFilesError(error.problem, f"nothing was rolled back, {TRAIN_AND_PROMOTE}") from None
