"""Canary: check the first scores of a new version before they are published, and roll back a broken version.

A version is checked on the first days that it scores (docs/canary.md). It is rolled back only if the previous version
passes the check on the same day. If the previous version fails too, the data or the machine is at fault.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import pandas as pd
import psycopg
from mlflow.exceptions import MlflowException

from monitoring.score_comparison import BOUNDS, PROBABILITY, check_scores, compare_scores, failure_reason
from registry import PromotionOutcome, VersionFilesError, previous, rollback
from serving import Mart, ScoreFiles, ScoringError, published_scores, published_versions, scored_dates
from stack.errors import PrichalError

#: the name under which the canary rolls back in the ledger; earlier releases wrote it too.
CANARY = "watch"


@dataclass(frozen=True)
class CanaryTarget:
    """The scores to check: a population on a day, its model, and the mart they are published to."""

    database_url: str
    mart: Mart
    population: str
    model: str
    day: date


@dataclass(frozen=True)
class CanaryResult:
    """Scores that may be published.

    Attributes:
        version: that computed the scores.
        scores: the files.
        alert: a sentence about a rollback or about odd data; None if the check passed.
        rollback: its outcome; None without a rollback.
    """

    version: str
    scores: ScoreFiles
    alert: str | None = None
    rollback: PromotionOutcome | None = None


def score_with_canary(target: CanaryTarget, version: str, score: Callable[[str], ScoreFiles]) -> CanaryResult:
    """Score with the version in production; if it is broken, roll back and score with the previous version.

    A version whose files differ from the approved ones is not rolled back: the error stops the step, for a user to
    find the cause.

    Args:
        target: the scores to check.
        version: in production.
        score: scores with a version; a second call replaces the files of the first.

    Raises:
        VersionFilesError: the files of the version in production differ from the approved ones.
        ScoringError: the version is broken and the previous one cannot replace it; nothing may be published.
    """
    published = published_versions(target.database_url, target.mart, target.model)
    if len({day for day, scored_by in published if scored_by == version and day < target.day}) >= BOUNDS.canary_days:
        return CanaryResult(version, score(version))
    before = previous(target.database_url, target.model)
    reference = _reference_scores(target, before, [day for day, scored_by in published if scored_by == before])
    try:
        scores = score(version)
        reason = _failure_reason(target, reference, scores)
    except ScoringError as error:
        reason = str(error)
    if reason is None:
        return CanaryResult(version, scores)
    return _replace(target, version, before, reference, reason, score)


def _reference_scores(target: CanaryTarget, before: str | None, days: list[date]) -> pd.DataFrame | None:
    """The scores of the previous version on its last published day; None if there is no such day."""
    if before is None or not days:
        return None
    rows = published_scores(target.database_url, target.mart, days[-1])
    return rows[(rows["population"] == target.population) & (rows["model_version"] == before)]


def _failure_reason(target: CanaryTarget, reference: pd.DataFrame | None, scores: ScoreFiles) -> str | None:
    entity = target.mart.entity
    now = pd.read_parquet(scores.folder, columns=[entity, PROBABILITY])
    return failure_reason(check_scores(now) if reference is None else compare_scores(reference, now, entity))


def _replace(
    target: CanaryTarget, version: str, before: str | None, reference: pd.DataFrame | None, reason: str,
    score: Callable[[str], ScoreFiles],
) -> CanaryResult:  # fmt: skip
    failure = f"Version {version} of {target.model} is broken on {target.day}: {reason.rstrip('.')}"
    if before is None:
        raise ScoringError(f"{failure}. There is no previous version, so nothing was published: promote another one.")
    try:
        scores = score(before)
    except (ScoringError, VersionFilesError) as error:
        raise ScoringError(
            f"{failure}. Version {before} cannot score either, so nothing was rolled back and nothing published: "
            f"{error}"
        ) from None
    common_reason = _failure_reason(target, reference, scores)
    if common_reason is not None:
        alert = (
            f"The scores of {target.model} are odd on {target.day}: {common_reason}. Version {before} gives such "
            f"scores too, so the data are the likely cause: check them. Version {version} stays in production."
        )
        return CanaryResult(version, score(version), alert)
    outcome = _roll_back(target, failure)
    restored = outcome.version
    if restored != before:  # another user changed production meanwhile
        scores = score(restored)
    alert = f"{failure}. It was rolled back; version {restored} is in production again and scored the day."
    return CanaryResult(restored, scores, alert, outcome)


def _roll_back(target: CanaryTarget, failure: str) -> PromotionOutcome:
    try:
        dates_of_version = partial(scored_dates, target.database_url, target.mart, target.model)
        return rollback(target.database_url, target.model, CANARY, failure, dates_of_version)
    except (PrichalError, MlflowException, psycopg.errors.InsufficientPrivilege) as error:
        raise ScoringError(
            f"{failure}. It could not be rolled back ({str(error).splitlines()[0].rstrip('.')}), nothing was "
            "published: let a reviewer roll back, then score again."
        ) from error
