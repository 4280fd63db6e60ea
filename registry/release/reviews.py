"""Reviews: somebody who is not the author approves or rejects a version that the gate accepted, and gives a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlflow.exceptions import MlflowException

from registry.gate.policy import Policy
from registry.ledger.chain import Row
from registry.ledger.ledger import LedgerEntry
from registry.release.alias_transitions import (
    execute,
    reconcile,
    release_of,
    set_in_review,
)
from registry.release.locked_models import LockedModels
from registry.release.promotion import PromotionOutcome
from registry.versions.registered_models import ABSENT
from registry.versions.versions import changed, read_contenders
from stack.errors import PrichalError

#: act that ends a review -> its words in a message.
ENDS = {"approve": "approved by", "reject": "rejected by", "void": "found void by"}


class ReviewerError(PrichalError):
    """Name or reason is missing, or this reviewer may not approve."""


class NoReviewError(PrichalError):
    """No review is open."""


class VoidError(PrichalError):
    """The reviewed version, evidence, files or policy changed since the review was opened."""


@dataclass(frozen=True)
class _Reviewer:
    """Who decides, why, and under which account; name and reason are one line each."""

    name: str
    reason: str
    account: str

    @classmethod
    def of(cls, name: str, reason: str, account: str) -> "_Reviewer":
        lines = {"name": " ".join(name.split()), "reason": " ".join(reason.split())}
        for parameter, line in lines.items():
            if not line:
                raise ReviewerError(f"The {parameter} of the review is empty: pass it as -P {parameter}=....")
        return cls(**lines, account=account)


def approve(
    database_url: str, models: Sequence[str], policy: Policy, name: str, reason: str, account: str
) -> list[PromotionOutcome]:
    """Put the versions under review in production; a release is approved as a whole.

    Args:
        database_url: where the ledger is.
        models: names of the registered models; a model without a review is skipped if another one has a review.
        policy: the project's current bounds.
        name: of the reviewer.
        reason: why.
        account: account that runs the command, stored beside the name.

    Raises:
        ReviewerError: name or reason is empty, the reviewer is the author, or the author is unknown.
        NoReviewError: no review is open.
        VoidError: evidence, files, production or policy changed since; the review is ended and nothing is promoted.
    """
    reviewer = _Reviewer.of(name, reason, account)
    with reconcile(database_url, models, reviewer.name) as locked_models:
        reviews = _open_reviews(locked_models, models)
        _require_whole_releases(reviews, models)
        changes = {row.model: _changes(locked_models, row, policy, reviewer.name) for row in reviews}
        void = [row for row in reviews if any(changes.get(model) for model in _release_models(row))]
        if void:
            _end_void(locked_models, void, changes, reviewer.name)
        approvals = [_entry(row, "approve", reviewer) for row in reviews]
        rows = execute(locked_models, [_entry(row, "promote", reviewer) for row in reviews], first=approvals)
        return _outcomes(locked_models, rows)


def reject(
    database_url: str, models: Sequence[str], name: str, reason: str, account: str
) -> list[PromotionOutcome]:  # fmt: skip
    """End the open reviews; the gate refuses a rejected version from then on. The author may reject too.

    Raises:
        ReviewerError: name or reason is empty.
        NoReviewError: no review is open.
    """
    reviewer = _Reviewer.of(name, reason, account)
    with reconcile(database_url, models, reviewer.name) as locked_models:
        reviews = _open_reviews(locked_models, models)
        with_releases = sorted({model for row in reviews for model in _release_models(row)})
        open_rows = [row for model in with_releases if (row := locked_models.state(model).review)]
        return _outcomes(locked_models, _end(locked_models, [_entry(row, "reject", reviewer) for row in open_rows]))


def _open_reviews(locked_models: LockedModels, models: Sequence[str]) -> list[Row]:
    reviews = [row for model in models if (row := locked_models.state(model).review)]
    if reviews:
        return reviews
    raise NoReviewError(f"No review of {' or '.join(models)} is open{_last_review(locked_models, models)}.")


def _last_review(locked_models: LockedModels, models: Sequence[str]) -> str:
    """How the last review ended, as the end of a sentence."""
    ends = [row for model in models for row in locked_models.state(model).rows if _ends_a_review(row)]
    if not ends:
        return ": run `-e promote -P mode=review` first"
    row = max(ends, key=lambda end: end.id)
    end = f"{ENDS[row.act]} {row.who} on {row.happened_at:%Y-%m-%d}"
    return f": the last review, of version {row.version} of {row.model}, was {end}"


def _ends_a_review(row: Row) -> bool:
    return row.act in {"approve", "reject"} or (row.act == "void" and "ends" in row.decision)


def _release_models(row: Row) -> Sequence[str]:
    """Models of the release that a review belongs to, its own model too."""
    return release_of(row.decision).get("models", [row.model])


def _require_whole_releases(reviews: Sequence[Row], models: Sequence[str]) -> None:
    for row in reviews:
        missing = [model for model in _release_models(row) if model not in models]
        if missing:
            raise ReviewerError(
                f"The review of {row.model} is of a release with {', '.join(missing)}: approve them together, "
                "with -P population=all."
            )


def _changes(locked_models: LockedModels, row: Row, policy: Policy, name: str) -> list[str]:
    """Differences from the reviewed state; empty if the reviewer may approve it."""
    try:
        contenders = read_contenders(row.model, row.version or "", locked_models.state(row.model).production)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return [f"MLflow no longer has version {row.version} of {row.model} (run `-e train` first)"]
        raise
    _require_another_person(row, contenders.challenger.author, name)
    changes = changed(row.decision["subject"], contenders.subject(policy))
    if contenders.challenger.files_problem is not None:
        problem = contenders.challenger.files_problem
        changes.append(f"version {row.version} cannot be loaded because {problem} (run `-e train` first)")
    release = release_of(row.decision)
    for model in release.get("models", []):
        other = locked_models.state(model).review
        if other is None or release_of(other.decision).get("id") != release["id"]:
            changes.append(f"the release's review of {model} is no longer open")
    return changes


def _require_another_person(row: Row, author: str | None, name: str) -> None:
    version = f"version {row.version} of {row.model}"
    if author is None:
        raise ReviewerError(f"The author of {version} is unknown, so nobody can approve it: train it again.")
    if " ".join(author.split()).casefold() == name.casefold():
        raise ReviewerError(f"{name} trained {version} and cannot approve it: another person has to.")


def _end_void(
    locked_models: LockedModels, void: Sequence[Row], changes: Mapping[str, list[str]], name: str
) -> None:  # fmt: skip
    """End reviews whose subject changed, and raise the error that says so."""
    listed = "; ".join(dict.fromkeys(change for model_changes in changes.values() for change in model_changes))
    versions = ", ".join(f"version {row.version} of {row.model}" for row in void)
    sentence = f"The review of {versions} is void because something changed since: {listed}."
    entries = [
        LedgerEntry(name, row.model, "void", row.version, row.replaced, sentence, _subject(row) | {"ends": row.id})
        for row in void
    ]
    _end(locked_models, entries)
    raise VoidError(f"{sentence.rstrip('.')}; nothing was promoted, run `-e promote -P mode=review` again.")


def _end(locked_models: LockedModels, entries: Sequence[LedgerEntry]) -> list[Row]:
    """Write the rows that end reviews, and delete the alias of each."""
    rows = locked_models.append(entries)
    for row in rows:
        set_in_review(locked_models, row.model)
    return rows


def _entry(review: Row, act: str, reviewer: _Reviewer) -> LedgerEntry:
    decision = {**review.decision} if act == "promote" else _subject(review)
    return LedgerEntry(
        reviewer.name, review.model, act, review.version, review.replaced, reviewer.reason,
        {**decision, "review": review.id, "account": reviewer.account},
    )  # fmt: skip


def _subject(review: Row) -> dict[str, Any]:
    """The part of a review that the row which ends it repeats."""
    return {name: review.decision[name] for name in ("subject", "release") if name in review.decision}


def _outcomes(locked_models: LockedModels, rows: Sequence[Row]) -> list[PromotionOutcome]:
    return [
        PromotionOutcome(
            row.model, row.act, row.version or "", row.replaced, None, row.reason,
            [written.id for written in locked_models.written if written.model == row.model],
        )
        for row in rows
    ]  # fmt: skip
