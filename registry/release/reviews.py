"""What the gate accepted waits for a person, who is not the author, and says why."""

from collections.abc import Mapping, Sequence
from typing import Any

from mlflow.exceptions import MlflowException

from registry.gate.policy import Policy
from registry.ledger.chain import Row
from registry.ledger.ledger import LedgerEntry
from registry.release.alias_transitions import (
    execute,
    reconcile,
    release_of,
    sign,
)
from registry.release.locked_models import ABSENT, LockedModels
from registry.release.promotion_outcome import PromotionOutcome
from registry.versions.versions import changed, read_contenders
from stack.errors import PrichalError


class ReviewerError(PrichalError):
    """Who reviews, or why, was not said, or may not be so."""


class NoReviewError(PrichalError):
    """No review waits."""


class VoidError(PrichalError):
    """What was reviewed is not any more what it was."""


def approve(
    database_url: str, models: Sequence[str], policy: Policy, name: str, reason: str, account: str
) -> list[PromotionOutcome]:
    """Put in production what waits for a review; of a release, all of it.

    Args:
        database_url: where the ledger is.
        models: names of the registered models; those without a review are passed over if one of them has one.
        policy: the project's bounds as they are now.
        name: of the reviewer.
        reason: why.
        account: under which the command runs, kept beside the name.

    Raises:
        ReviewerError: name or reason is empty, or the reviewer is the author or the author is not known.
        NoReviewError: no review waits.
        VoidError: evidence, files, production or policy changed since; the review is ended, nothing moves.
    """
    said = _said(name, reason)
    with reconcile(database_url, models, name) as locked_models:
        reviews = _open(locked_models, models)
        _require_all(reviews, models)
        why = {row.model: _changes(locked_models, row, policy, said) for row in reviews}
        void = [row for row in reviews if any(why.get(one) for one in _together(row))]
        if void:
            _end(locked_models, void, why, name)
        approvals = [_row(row, "approve", said, account) for row in reviews]
        moves = [_row(row, "promote", said, account) for row in reviews]
        done = execute(locked_models, moves, first=approvals)
        return [_told(locked_models, row, "promote") for row in done]


def reject(database_url: str, models: Sequence[str], name: str, reason: str, account: str) -> list[PromotionOutcome]:
    """End what waits for a review; the version is not proposed again. The author may do so too.

    Raises:
        ReviewerError: name or reason is empty.
        NoReviewError: no review waits.
    """
    said = _said(name, reason)
    with reconcile(database_url, models, name) as locked_models:
        reviews = _open(locked_models, models)
        together = sorted({one for row in reviews for one in _together(row)})
        ended = [row for one in together if (row := locked_models.state(one).review)]
        rows = locked_models.write([_row(row, "reject", said, account) for row in ended])
        for row in rows:
            sign(locked_models, row.model)
        return [_told(locked_models, row, "reject") for row in rows]


def _said(name: str, reason: str) -> tuple[str, str]:
    """Name and reason as one line each."""
    lines = (" ".join(name.split()), " ".join(reason.split()))
    for what, line in zip(("name", "reason"), lines, strict=True):
        if not line:
            raise ReviewerError(f"A review needs a {what}: give it as -P {what}=....")
    return lines


def _open(locked_models: LockedModels, models: Sequence[str]) -> list[Row]:
    found = [row for model in models if (row := locked_models.state(model).review)]
    if found:
        return found
    raise NoReviewError(f"No review of {' or '.join(models)} waits{_last(locked_models, models)}.")


def _last(locked_models: LockedModels, models: Sequence[str]) -> str:
    """What became of the last review."""
    ends = [row for model in models for row in locked_models.state(model).rows if _ends_a_review(row)]
    if not ends:
        return ": run `-e promote -P mode=review` first"
    row = max(ends, key=lambda one: one.id)
    what = {"approve": "was approved", "reject": "was rejected", "void": "was void, found"}[row.act]
    return f": the last one, of version {row.version} of {row.model}, {what} by {row.who} on {row.happened_at:%Y-%m-%d}"


def _ends_a_review(row: Row) -> bool:
    return row.act in {"approve", "reject"} or (row.act == "void" and "ends" in row.decision)


def _together(row: Row) -> Sequence[str]:
    """The models that are reviewed with this one, itself too."""
    return release_of(row.decision).get("models", [row.model])


def _require_all(reviews: Sequence[Row], models: Sequence[str]) -> None:
    for row in reviews:
        missing = [one for one in _together(row) if one not in models]
        if missing:
            raise ReviewerError(
                f"The review of {row.model} is of a release with {', '.join(missing)}: approve them together, "
                "with -P population=all."
            )


def _changes(locked_models: LockedModels, row: Row, policy: Policy, said: tuple[str, str]) -> list[str]:
    """What is not any more as it was reviewed; empty if the reviewer may approve it."""
    try:
        contenders = read_contenders(row.model, row.version or "", locked_models.state(row.model).production)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return [f"MLflow has no version {row.version} of {row.model} any more"]
        raise
    _require_another(row, contenders.challenger.author, said[0])
    found = changed(row.decision["subject"], contenders.subject(policy))
    if contenders.challenger.files_problem is not None:
        found.append(f"version {row.version} cannot be loaded, for {contenders.challenger.files_problem}")
    release = release_of(row.decision)
    for model in release.get("models", []):
        other = locked_models.state(model).review
        if other is None or release_of(other.decision).get("id") != release["id"]:
            found.append(f"the release's review of {model} is not open any more")
    return found


def _require_another(row: Row, author: str | None, name: str) -> None:
    called = f"version {row.version} of {row.model}"
    if author is None:
        raise ReviewerError(f"Who trained {called} is not known, so nobody can be told not to be: train it again.")
    if " ".join(author.split()).casefold() == name.casefold():
        raise ReviewerError(f"{name} trained {called} and cannot approve it: let somebody else.")


def _end(locked_models: LockedModels, void: Sequence[Row], why: Mapping[str, list[str]], name: str) -> None:
    """End reviews that do not hold any more, and say so."""
    found = "; ".join(dict.fromkeys(one for changes in why.values() for one in changes))
    called = ", ".join(f"version {row.version} of {row.model}" for row in void)
    sentence = f"The review of {called} is void, since it was written something changed: {found}."
    locked_models.write([
        LedgerEntry(name, row.model, "void", row.version, row.replaced, sentence, _of(row) | {"ends": row.id})
        for row in void
    ])  # fmt: skip
    for row in void:
        sign(locked_models, row.model)
    raise VoidError(f"{sentence.rstrip('.')}; nothing was moved, run `-e promote -P mode=review` again.")


def _row(review: Row, act: str, said: tuple[str, str], account: str) -> LedgerEntry:
    decision = {**review.decision} if act == "promote" else _of(review)
    return LedgerEntry(
        said[0], review.model, act, review.version, review.replaced, said[1],
        {**decision, "review": review.id, "account": account},
    )  # fmt: skip


def _of(review: Row) -> dict[str, Any]:
    """What a row that ends a review repeats of it."""
    return {name: review.decision[name] for name in ("subject", "release") if name in review.decision}


def _told(locked_models: LockedModels, row: Row, act: str) -> PromotionOutcome:
    numbers = [each.id for each in locked_models.written if each.model == row.model]
    return PromotionOutcome(row.model, act, row.version or "", row.replaced, None, row.reason, numbers)
