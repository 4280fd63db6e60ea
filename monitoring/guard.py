"""Score a population, and see to it that a broken version does not reach the mart: it is rolled back at once.

A version is watched on the first days that it scores (docs/watch.md). It is withdrawn only when the version before it
has scored this very day: where that fails too, something other than the version is broken.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pandas as pd
import psycopg
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from monitoring.watch import BOUNDS, PROBABILITY, alone, compare, why_broken
from registry import rollback
from serving import Mart, Scored, ScoringError, published_scores, published_versions
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
        withdrawn: sentence on the version that was rolled back; None if all is well.
    """

    version: str
    scored: Scored
    withdrawn: str | None = None


def guarded(watch: Watch, version: str, apply: Callable[[str], Scored]) -> Guarded:
    """Score with the version in production, or, if that is broken, with the one before it, which takes its place.

    Args:
        watch: whose scores.
        version: in production.
        apply: scores with a version.

    Raises:
        ScoringError: the version is broken and no version before it can take its place; nothing may be published.
    """
    history = published_versions(watch.database_url, watch.mart, watch.population, watch.model)
    if len({day for day, one in history if one == version and day != watch.day}) >= BOUNDS.days:
        return Guarded(version, apply(version))
    before = _previous(watch.model)
    try:
        scored = apply(version)
    except ScoringError as error:
        return _replaced(watch, version, before, str(error), apply)
    days = [day for day, one in history if one == before]
    why = _why(watch, before, days[-1] if days else None, scored)
    return Guarded(version, scored) if why is None else _replaced(watch, version, before, why, apply)


def _previous(model: str) -> str | None:
    """The version that a rollback brings back; None if there is none."""
    try:
        return str(MlflowClient().get_model_version_by_alias(model, "previous").version)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def _why(watch: Watch, before: str | None, last: date | None, scored: Scored) -> str | None:
    """What is broken about the scores, beside the last day that the version before scored where there is one."""
    now = pd.read_parquet(scored.folder, columns=[watch.mart.entity, PROBABILITY])
    if last is None:
        return why_broken(alone(now))
    rows = published_scores(watch.database_url, watch.mart, last)
    rows = rows[(rows["population"] == watch.population) & (rows["model_version"] == before)]
    why = why_broken(compare(rows, now, watch.mart.entity))
    return f"{why} (version {before} on {last} was compared)" if why else None


def _replaced(watch: Watch, version: str, before: str | None, why: str, apply: Callable[[str], Scored]) -> Guarded:
    broken = f"Version {version} of {watch.model} is broken on {watch.day}: {why.rstrip('.')}"
    if before is None:
        raise ScoringError(f"{broken}. There is no version before it, so nothing was published: promote another one.")
    try:
        scored = apply(before)
    except ScoringError as error:
        raise ScoringError(
            f"{broken}. Version {before} cannot score either, so nothing was rolled back and nothing published: {error}"
        ) from None
    back = _roll_back(watch, broken)
    if back != before:  # somebody else moved it meanwhile
        scored = apply(back)
    return Guarded(back, scored, f"{broken}. It was rolled back; version {back} is in production again and has scored.")


def _roll_back(watch: Watch, broken: str) -> str:
    """The version that is in production then."""
    try:
        return rollback(watch.database_url, watch.model, WATCH, broken).version
    except (PrichalError, MlflowException, psycopg.errors.InsufficientPrivilege) as error:
        raise ScoringError(
            f"{broken}. It could not be rolled back ({str(error).splitlines()[0].rstrip('.')}), nothing was published: "
            "let a reviewer roll back, then score again."
        ) from error
