"""Promote challengers that the gate accepts, each model alone or several as one release.

Judging takes minutes and needs no lock. Under the lock the judged state is compared with the current one, so two
promotions at once cannot both succeed, and nothing is promoted that was not judged.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from registry.gate.gate import Check, Decision
from registry.gate.judgement import (
    GateJudgement,
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
    set_in_review,
)
from registry.release.locked_models import LockedModels
from registry.versions.versions import Contenders, changed, evidence_sha256, read_contenders
from stack.errors import PrichalError

MODES = {"auto": "the gate decides alone", "review": "an accepted version needs an approval"}
RELEASES = {"each": "every model alone", "together": "all models or none"}


class ModeError(PrichalError):
    """The mode of a promotion does not exist."""


class ReleaseError(PrichalError):
    """The kind of release does not exist."""


class NoChallengerError(PrichalError):
    """A model has no challenger."""


@dataclass(frozen=True)
class PromotionOutcome:
    """Outcome of a promotion, review or rollback for one model.

    Attributes:
        model: registered name.
        act: `promote`, `refuse`, `rollback`, `reject`; `review` if a review is open; `keep` if the challenger was in
            production already; `void` if something changed while it was judged; `absent` without a challenger.
        version: version that the outcome is about; empty for `absent`.
        replaced: version that was in production.
        decision: of the gate; None if the gate did not decide.
        reason: a sentence.
        rows: numbers of the new rows in the ledger, those of repairs too.
        contenders: the judged versions.
        measured: measurements of the challenger.
        dates: dates that a withdrawn version scored.
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


@dataclass
class _Candidate:
    """One model during a promotion; `changes` are differences from the judged state."""

    model: str
    challenger: str | None
    state: ModelState
    judgement: GateJudgement | None = None
    changes: list[str] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.challenger or ""

    @property
    def is_in_production(self) -> bool:
        return self.challenger == self.state.production

    @property
    def is_accepted(self) -> bool:
        return self.judgement is not None and self.judgement.decision.accepted and not self.changes


def require_mode_and_release(mode: str, release: str) -> None:
    """Require an existing mode and kind of release.

    Raises:
        ModeError: the mode does not exist.
        ReleaseError: the release does not exist.
    """
    if mode not in MODES:
        raise ModeError(f"mode {mode!r} does not exist: use {_choices(MODES)}.")
    if release not in RELEASES:
        raise ReleaseError(f"release {release!r} does not exist: use {_choices(RELEASES)}.")


def _choices(descriptions: dict[str, str]) -> str:
    return " or ".join(f"{name} ({description})" for name, description in descriptions.items())


def promote(
    database_url: str, models: Sequence[str], policy: Policy, who: str, *,
    measure: Measure, mode: str = "auto", release: str = "each",
) -> list[PromotionOutcome]:  # fmt: skip
    """Judge the challengers, and promote the accepted ones or open reviews of them.

    Args:
        database_url: where the ledger is.
        models: names of the registered models.
        policy: the project's bounds.
        who: written into the ledger.
        measure: scores both versions on the same rows; if it raises an error, the gate refuses and names it.
        mode: `auto`, or `review`: an accepted version needs `approve`. `policy.review` makes every mode `review`.
        release: `each` model alone, or `together`: all or none.

    Returns:
        One outcome for each model, in the given order.

    Raises:
        ModeError: mode does not exist.
        ReleaseError: release does not exist.
        NoChallengerError: a model of a release has no version with the alias `challenger`.
        TamperedError: rows of the ledger are missing.
        ModelLockedError: another process holds the lock of a model for too long.
    """
    require_mode_and_release(mode, release)
    if policy.review is not False:  # the mode must not bypass a review that the policy requires
        mode = "review"
    groups = [list(models)] if release == "together" else [[model] for model in models]
    return [outcome for group in groups for outcome in _promote(database_url, group, policy, who, measure, mode)]


def _promote(
    database_url: str, models: Sequence[str], policy: Policy, who: str, measure: Measure, mode: str
) -> list[PromotionOutcome]:
    with reconcile(database_url, models, who) as locked_models:
        candidates = [_candidate(locked_models, model) for model in models]
        repairs = list(locked_models.written)
    if len(candidates) > 1:
        _require_challengers(candidates)
    for candidate in candidates:
        if candidate.challenger is not None and not candidate.is_in_production:
            contenders = read_contenders(candidate.model, candidate.challenger, candidate.state.production)
            candidate.judgement = judge(contenders, candidate.state, policy, measure, mode)
    with reconcile(database_url, models, who) as locked_models:
        locked_models.written[:0] = repairs
        return _apply(locked_models, candidates, who, mode)


def _candidate(locked_models: LockedModels, model: str) -> _Candidate:
    return _Candidate(model, locked_models.aliases.get(model, {}).get("challenger"), locked_models.state(model))


def _require_challengers(candidates: Sequence[_Candidate]) -> None:
    missing = [candidate.model for candidate in candidates if candidate.challenger is None]
    if missing:
        raise NoChallengerError(f"{_describe_absent(missing[0])}; no model of the release was promoted.")


def _describe_absent(model: str) -> str:
    """Sentence about a model without a challenger, without a full stop."""
    return f"Model {model} has no version with the alias challenger: run `-e train` first"


def _apply(
    locked_models: LockedModels, candidates: Sequence[_Candidate], who: str, mode: str
) -> list[PromotionOutcome]:  # fmt: skip
    """Compare with the current state, then change all of these models or none."""
    for candidate in candidates:
        if candidate.judgement is not None and candidate.judgement.decision.accepted:
            _compare(locked_models, candidate)
    accepted = [candidate for candidate in candidates if candidate.is_accepted]
    judged = [candidate for candidate in candidates if candidate.judgement is not None]
    refused = [candidate for candidate in judged if not candidate.is_accepted]
    if refused:
        rows = locked_models.append([_refusal(candidate, who, judged, refused) for candidate in judged])
    elif mode == "review":
        rows = _open_reviews(locked_models, accepted, who)
    else:
        entries = [_entry(candidate, who, "promote", accepted) for candidate in accepted]
        rows = execute(locked_models, entries) if entries else []
    by_model = {row.model: row for row in rows}
    return [_outcome(locked_models, candidate, by_model.get(candidate.model)) for candidate in candidates]


def _compare(locked_models: LockedModels, candidate: _Candidate) -> None:
    """Note differences from the judged state; files are compared at an approval, which may be days later."""
    assert candidate.judgement is not None  # noqa: S101  # the caller checked it
    now, state = _candidate(locked_models, candidate.model), locked_models.state(candidate.model)
    if now.is_in_production and now.challenger == candidate.challenger:
        candidate.state, candidate.judgement = state, None  # another promotion was faster
        return
    subject: dict[str, Any] = dict(candidate.judgement.subject)
    for role, number in (("challenger", now.challenger), ("production", state.production)):
        current = (
            {"number": number, "evidence_sha256": evidence_sha256(candidate.model, number)} if number else None
        )  # fmt: skip
        subject[role] = {**(subject[role] or {}), **current} if current else None
    candidate.changes = changed(candidate.judgement.subject, subject)


def _entry(
    candidate: _Candidate, who: str, act: str, release: Sequence[_Candidate], check: Check | None = None
) -> LedgerEntry:
    """A row about a decision, with its release if several models belong to it."""
    assert candidate.judgement is not None  # noqa: S101  # only judged models get a row
    if check is not None:
        decision_with_check = with_checks(candidate.judgement.decision, [check])
        candidate.judgement = replace(candidate.judgement, decision=decision_with_check)
    decision = candidate.judgement.json()
    if len(release) > 1:
        decision["release"] = {"id": _release_id(release), "models": [member.model for member in release]}
    reasons = " ".join(candidate.judgement.decision.reasons)
    return LedgerEntry(who, candidate.model, act, candidate.number, candidate.state.production, reasons, decision)


def _release_id(release: Sequence[_Candidate]) -> str:
    """Id of a release: a hash of its versions and of the last row of each model."""
    members = "/".join(
        f"{member.model}@{member.number}:{member.state.rows[-1].id if member.state.rows else 0}" for member in release
    )
    return uuid.uuid5(uuid.NAMESPACE_OID, members).hex[:12]


def _refusal(
    candidate: _Candidate, who: str, judged: Sequence[_Candidate], refused: Sequence[_Candidate]
) -> LedgerEntry:  # fmt: skip
    """Row of a refused model, or of an accepted one whose release contains a refused model."""
    if candidate.changes:
        why = f"Nothing was promoted because something changed since the decision: {'; '.join(candidate.changes)}."
        return replace(_entry(candidate, who, "void", judged), reason=why)
    if candidate in refused:
        return _entry(candidate, who, "refuse", judged)
    others = ", ".join(f"version {other.number} of {other.model}" for other in refused)
    check = failed_check("release", f"Accepted alone, but released together with {others}, which cannot be promoted.")
    return _entry(candidate, who, "refuse", judged, check)


def _open_reviews(locked_models: LockedModels, accepted: Sequence[_Candidate], who: str) -> list[Row]:
    """Open reviews; an open review of the same state is kept, any other is replaced."""
    if all(_is_in_review(locked_models, candidate, accepted) for candidate in accepted):
        return []
    rows = locked_models.append([_entry(candidate, who, "review", accepted) for candidate in accepted])
    for candidate in accepted:
        set_in_review(locked_models, candidate.model)
    return rows


def _is_in_review(locked_models: LockedModels, candidate: _Candidate, accepted: Sequence[_Candidate]) -> bool:
    review = locked_models.state(candidate.model).review
    if review is None or candidate.judgement is None:
        return False
    release = [member.model for member in accepted] if len(accepted) > 1 else []
    same_release = release_of(review.decision).get("models", []) == release
    return same_release and not changed(review.decision["subject"], candidate.judgement.subject)


def _outcome(locked_models: LockedModels, candidate: _Candidate, row: Row | None) -> PromotionOutcome:
    numbers = [written.id for written in locked_models.written if written.model == candidate.model]
    model, replaced = candidate.model, candidate.state.production
    if candidate.challenger is None:
        return PromotionOutcome(model, "absent", "", replaced, None, f"{_describe_absent(model)}.", numbers)
    if candidate.judgement is None:
        return PromotionOutcome(model, "keep", candidate.challenger, replaced, None, rows=numbers)
    act, reason = (row.act, row.reason) if row else ("review", "A review of the same version is open already.")
    judgement = candidate.judgement
    return PromotionOutcome(
        model, act, candidate.challenger, replaced, judgement.decision, reason, numbers, judgement.contenders,
        judgement.measured,
    )  # fmt: skip
