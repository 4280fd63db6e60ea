"""Put a challenger in production if the gate accepts it, alone or with others as one release.

Judging takes minutes and holds no lock. Under the lock it is seen whether what was judged still stands: compare and
set. Two promotions at once cannot both win, and neither moves what it has not judged.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from registry.gate.gate import Check
from registry.gate.judgement import (
    Judgement,
    Measure,
    failed_check,
    judge,
    with_checks,
)
from registry.gate.policy import Policy
from registry.ledger.chain import Row
from registry.ledger.history import ModelState
from registry.ledger.ledger import LedgerEntry
from registry.release.alias_transitions import (
    execute,
    reconcile,
    release_of,
    sign,
)
from registry.release.locked_models import LockedModels
from registry.release.promotion_outcome import PromotionOutcome
from registry.versions.versions import changed, evidence_sha256, read_contenders
from stack.errors import PrichalError

MODES = {"auto": "the gate decides alone", "review": "what the gate accepts waits for a person"}
RELEASES = {"each": "every model by itself", "together": "all models or none"}


class ModeError(PrichalError):
    """A mode of promotion that does not exist."""


class ReleaseError(PrichalError):
    """A way to release that does not exist."""


class NoChallengerError(PrichalError):
    """No version is proposed for production."""


@dataclass
class _Asked:
    """One model on its way through a promotion."""

    model: str
    challenger: str | None
    state: ModelState
    judged: Judgement | None = None
    stale: list[str] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.challenger or ""

    @property
    def keeps(self) -> bool:
        return self.challenger == self.state.production

    @property
    def accepted(self) -> bool:
        return self.judged is not None and self.judged.decision.accepted and not self.stale


def require_mode_and_release(mode: str, release: str) -> None:
    """See that mode and release exist.

    Raises:
        ModeError: the mode does not.
        ReleaseError: the release does not.
    """
    if mode not in MODES:
        raise ModeError(f"mode {mode!r} does not exist: it may be {_choice(MODES)}.")
    if release not in RELEASES:
        raise ReleaseError(f"release {release!r} does not exist: it may be {_choice(RELEASES)}.")


def _choice(known: dict[str, str]) -> str:
    return " or ".join(f"{name} ({what})" for name, what in known.items())


def promote(
    database_url: str, models: Sequence[str], policy: Policy, who: str, *,
    measure: Measure, mode: str = "auto", release: str = "each",
) -> list[PromotionOutcome]:  # fmt: skip
    """Let the gate judge the challengers, and move those that it accepts or let them wait for a review.

    Args:
        database_url: where the ledger is.
        models: names of the registered models.
        policy: the project's bounds.
        who: written to the ledger.
        measure: scores both versions on the same rows; if it fails, the gate refuses and says why.
        mode: `auto`, or `review`: what the gate accepts waits for `approve`, as it always does where the policy asks.
        release: `each` model by itself, or `together`: all or none.

    Returns:
        What became of each model, in the order they were given.

    Raises:
        ModeError: mode does not exist.
        ReleaseError: release does not exist.
        NoChallengerError: of models released together, one has no version with the alias `challenger`.
        TamperedError: rows of the ledger are gone.
        BusyError: somebody else moves a model and does not end.
    """
    require_mode_and_release(mode, release)
    if policy.review is not False:  # nobody gets around a person by the mode
        mode = "review"
    groups = [list(models)] if release == "together" else [[model] for model in models]
    return [moved for group in groups for moved in _promote(database_url, group, policy, who, measure, mode)]


def _promote(
    database_url: str, models: Sequence[str], policy: Policy, who: str, measure: Measure, mode: str
) -> list[PromotionOutcome]:
    with reconcile(database_url, models, who) as locked_models:
        asked = [_asked(locked_models, model) for model in models]
        written = list(locked_models.written)
    if len(asked) > 1:
        _require_challengers(asked)
    for one in asked:
        if one.challenger is not None and not one.keeps:
            contenders = read_contenders(one.model, one.challenger, one.state.production)
            one.judged = judge(contenders, one.state, policy, measure, mode)
    with reconcile(database_url, models, who) as locked_models:
        locked_models.written[:0] = written
        return _act(locked_models, asked, who, mode)


def _asked(locked_models: LockedModels, model: str) -> _Asked:
    return _Asked(model, locked_models.aliases.get(model, {}).get("challenger"), locked_models.state(model))


def _require_challengers(asked: Sequence[_Asked]) -> None:
    missing = [one.model for one in asked if one.challenger is None]
    if missing:
        raise NoChallengerError(f"{absent(missing[0])}; released together, none moves.")


def absent(model: str) -> str:
    """What is said of a model without a challenger; no full stop."""
    return f"Model {model} has no version with the alias challenger: run `-e train` first"


def _act(locked_models: LockedModels, asked: Sequence[_Asked], who: str, mode: str) -> list[PromotionOutcome]:
    """Compare, and set: all of these models or none."""
    for one in asked:
        if one.judged is not None and one.judged.decision.accepted:
            _compare(locked_models, one)
    ready = [one for one in asked if one.accepted]
    if any(one.judged is not None and not one.accepted for one in asked):
        judged = [one for one in asked if one.judged is not None]
        bad = [one for one in judged if not one.accepted]
        rows = locked_models.write([_not_moved(one, who, judged, bad) for one in judged])
    elif mode == "review":
        rows = _wait(locked_models, ready, who)
    else:
        rows = execute(locked_models, [_entry(one, who, "promote", ready) for one in ready]) if ready else []
    return _told(locked_models, asked, rows)


def _compare(locked_models: LockedModels, one: _Asked) -> None:
    """Note what is not any more as it was judged; files are compared when a review is approved, days later."""
    assert one.judged is not None  # noqa: S101  # seen by the caller
    now, state = _asked(locked_models, one.model), locked_models.state(one.model)
    if now.keeps and now.challenger == one.challenger:
        one.state, one.judged = state, None  # another promotion has put it there meanwhile
        return
    subject: dict[str, Any] = dict(one.judged.subject)
    for role, number in (("challenger", now.challenger), ("production", state.production)):
        found = {"number": number, "evidence_sha256": evidence_sha256(one.model, number)} if number else None
        subject[role] = {**(subject[role] or {}), **found} if found else None
    one.stale = changed(one.judged.subject, subject)


def _entry(one: _Asked, who: str, act: str, together: Sequence[_Asked], check: Check | None = None) -> LedgerEntry:
    """A row on a decision; of several models, with the release they are part of."""
    assert one.judged is not None  # noqa: S101  # only what was judged gets a row
    if check is not None:
        one.judged = replace(one.judged, decision=with_checks(one.judged.decision, [check]))
    decision = one.judged.json()
    if len(together) > 1:
        decision["release"] = {"id": _release_id(together), "models": [each.model for each in together]}
    return LedgerEntry(
        who, one.model, act, one.number, one.state.production, " ".join(one.judged.decision.reasons), decision
    )


def _release_id(together: Sequence[_Asked]) -> str:
    """The same for all rows of one release, and of no other."""
    named = "/".join(f"{one.model}@{one.number}:{one.state.rows[-1].id if one.state.rows else 0}" for one in together)
    return uuid.uuid5(uuid.NAMESPACE_OID, named).hex[:12]


def _not_moved(one: _Asked, who: str, judged: Sequence[_Asked], bad: Sequence[_Asked]) -> LedgerEntry:
    """Of models released together, one that cannot be moved holds back the others."""
    if one.stale:
        why = f"Nothing was moved: since it was judged, something changed: {'; '.join(one.stale)}."
        return replace(_entry(one, who, "void", judged), reason=why)
    if one in bad:
        return _entry(one, who, "refuse", judged)
    others = ", ".join(f"version {each.number} of {each.model}" for each in bad)
    check = failed_check("release", f"Accepted by itself, but released together with {others}, which cannot be moved.")
    return _entry(one, who, "refuse", judged, check)


def _wait(locked_models: LockedModels, ready: Sequence[_Asked], who: str) -> list[Row]:
    """Open reviews; one that waits for the same is left as it is, any other is replaced."""
    if all(_waits_already(locked_models, one, ready) for one in ready):
        return []
    rows = locked_models.write([_entry(one, who, "review", ready) for one in ready])
    for one in ready:
        sign(locked_models, one.model)
    return rows


def _waits_already(locked_models: LockedModels, one: _Asked, ready: Sequence[_Asked]) -> bool:
    review = locked_models.state(one.model).review
    if review is None or one.judged is None:
        return False
    together = [each.model for each in ready] if len(ready) > 1 else []
    same_release = release_of(review.decision).get("models", []) == together
    return same_release and not changed(review.decision["subject"], one.judged.subject)


def _told(locked_models: LockedModels, asked: Sequence[_Asked], rows: Sequence[Row]) -> list[PromotionOutcome]:
    by_model = {row.model: row for row in rows}
    return [_moved(locked_models, one, by_model.get(one.model)) for one in asked]


def _moved(locked_models: LockedModels, one: _Asked, row: Row | None) -> PromotionOutcome:
    numbers = [each.id for each in locked_models.written if each.model == one.model]
    if one.challenger is None:
        return PromotionOutcome(one.model, "absent", "", one.state.production, None, f"{absent(one.model)}.", numbers)
    if one.judged is None:
        return PromotionOutcome(one.model, "keep", one.challenger, one.state.production, None, rows=numbers)
    act, reason = (row.act, row.reason) if row else ("review", "A review of the same waits already.")
    judged = one.judged
    return PromotionOutcome(
        one.model, act, one.challenger, one.state.production, judged.decision, reason, numbers, judged.contenders,
        judged.measured,
    )  # fmt: skip
