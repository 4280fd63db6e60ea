"""Score a population, and see to it that a broken version does not reach the mart: it is rolled back at once.

A version is watched on the first days that it scores (docs/watch.md). It is withdrawn only when the version before it
scores this very day, and soundly: where that fails too, it is the data or the machine that is broken.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import pandas as pd
import psycopg
from mlflow.exceptions import MlflowException

from monitoring.score_comparison import (
    BOUNDS,
    PROBABILITY,
    alone,
    compare,
    why_broken,
)
from registry import PromotionOutcome, VersionFilesError, previous, rollback
from serving import Mart, Scored, ScoringError, dates_of, published_scores, published_versions
from stack.errors import PrichalError

#: who withdraws in the ledger.
WATCH = "watch"


@dataclass(frozen=True)
class Watch:
    """Whose scores are watched: a population at a date, its model, and the mart it is published in."""

    database_url: str
    mart: Mart
    population: str
    model: str
    day: date


@dataclass(frozen=True)
class Guarded:
    """What may be published.

    Attributes:
        version: that made the scores.
        scored: the scores.
        alert: what a person must know: a version was rolled back, or the data are odd; None if all is well.
        moved: the rollback; None if there was none.
    """

    version: str
    scored: Scored
    alert: str | None = None
    moved: PromotionOutcome | None = None


def guarded(watch: Watch, version: str, apply: Callable[[str], Scored]) -> Guarded:
    """Score with the version in production, or, if that is broken, with the one before it, which takes its place.

    A version whose files are not those that were approved is not replaced: a person must look, and nothing moves.

    Args:
        watch: whose scores.
        version: in production.
        apply: scores with a version; a second call replaces what the first wrote.

    Raises:
        VersionFilesError: the files of the version in production are not those that were approved.
        ScoringError: the version is broken and no version before it can take its place; nothing may be published.
    """
    history = published_versions(watch.database_url, watch.mart, watch.model)
    if len({day for day, one in history if one == version and day < watch.day}) >= BOUNDS.days:
        return Guarded(version, apply(version))
    before = previous(watch.database_url, watch.model)
    reference = _reference(watch, before, [day for day, one in history if one == before])
    try:
        scored = apply(version)
        why = _why(watch, reference, scored)
    except ScoringError as error:
        why = str(error)
    return Guarded(version, scored) if why is None else _replaced(watch, version, before, reference, why, apply)


def _reference(watch: Watch, before: str | None, days: list[date]) -> pd.DataFrame | None:
    """What the version before scored on its last published day; None if there is no such day."""
    if before is None or not days:
        return None
    rows = published_scores(watch.database_url, watch.mart, days[-1])
    return rows[(rows["population"] == watch.population) & (rows["model_version"] == before)]


def _why(watch: Watch, reference: pd.DataFrame | None, scored: Scored) -> str | None:
    """What is broken about the scores; None if nothing is."""
    now = pd.read_parquet(scored.folder, columns=[watch.mart.entity, PROBABILITY])
    return why_broken(alone(now) if reference is None else compare(reference, now, watch.mart.entity))


def _replaced(
    watch: Watch, version: str, before: str | None, reference: pd.DataFrame | None, why: str,
    apply: Callable[[str], Scored],
) -> Guarded:  # fmt: skip
    broken = f"Version {version} of {watch.model} is broken on {watch.day}: {why.rstrip('.')}"
    if before is None:
        raise ScoringError(f"{broken}. There is no version before it, so nothing was published: promote another one.")
    try:
        scored = apply(before)
    except (ScoringError, VersionFilesError) as error:
        raise ScoringError(
            f"{broken}. Version {before} cannot score either, so nothing was rolled back and nothing published: {error}"
        ) from None
    same = _why(watch, reference, scored)
    if same is not None:
        odd = (
            f"The scores of {watch.model} are odd on {watch.day}, {same}; version {before} says so too, so the data are"
        )
        return Guarded(version, apply(version), f"{odd} to be looked at, and version {version} stays.")
    moved = _roll_back(watch, broken)
    back = moved.version
    if back != before:  # somebody else moved it meanwhile
        scored = apply(back)
    said = f"{broken}. It was rolled back; version {back} is in production again and has scored."
    return Guarded(back, scored, said, moved)


def _roll_back(watch: Watch, broken: str) -> PromotionOutcome:
    try:
        produced = partial(dates_of, watch.database_url, watch.mart, watch.model)
        return rollback(watch.database_url, watch.model, WATCH, broken, produced)
    except (PrichalError, MlflowException, psycopg.errors.InsufficientPrivilege) as error:
        raise ScoringError(
            f"{broken}. It could not be rolled back ({str(error).splitlines()[0].rstrip('.')}), nothing was published: "
            "let a reviewer roll back, then score again."
        ) from error
