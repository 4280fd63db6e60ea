"""Watch: does the first day that a new version scored look like the last day that the version before it scored?

Not whether it is better, the gate has judged that; whether something is broken: probabilities turned round, on another
scale, all the same, or of far fewer people.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from monitoring.distance import distances

PROBABILITY = "churn_probability"


@dataclass(frozen=True)
class Bounds:
    """What a sound version keeps to; docs/watch.md has the figures of sound and of broken ones that they lie between.

    Attributes:
        most_psi: of the population stability index. Within a family it stayed below, another family on few people came
            to 1.6; turned round where most leave, which keeps the mean, it was 1.3 and more.
        most_times: how many times larger or smaller the mean probability may be. Sound ones came to 1.3, a business
            may have a bad month; ten times too much, cut at 1, was 5.4 and more where few leave.
        least_rank: of the rank correlation over people in both days. Sound ones four months apart still had 0.58;
            shuffled it is 0, turned round it is negative.
        most_same: the share of rows with one and the same probability, where the day before had less than half of it. A
            model that lost its features says the same of everybody.
        most_rows: how many times more or fewer people may be scored.
        least_both: people in both days from which on a rank correlation is believed.
        days: scoring days after its promotion on which a version is watched. What is broken shows on the first; the
            others are for a day on which the population was empty or a feed was late.
    """

    most_psi: float = 1.2
    most_times: float = 3.0
    least_rank: float = 0.2
    most_same: float = 0.9
    most_rows: float = 3.0
    least_both: int = 100
    days: int = 3


BOUNDS = Bounds()


@dataclass(frozen=True)
class Finding:
    """One comparison: what was found, and whether a sound version could have it."""

    name: str
    value: float
    broken: bool
    sentence: str


def alone(now: pd.DataFrame, bounds: Bounds = BOUNDS) -> list[Finding]:
    """What can be seen without a version before: nobody scored, a probability missing, all the same.

    Args:
        now: entity and churn_probability of each row scored.
        bounds: what is allowed.
    """
    missing = float(now[PROBABILITY].isna().mean()) if len(now) else 0.0
    same = _same(now)
    found = [
        Finding("missing", missing, missing > 0, f"{missing:.1%} of the rows have no probability, none may be without"),
    ]
    if len(now) > 1:
        broken = same > bounds.most_same
        found.append(
            Finding("same", same, broken, f"{same:.1%} of the rows have the same probability, {_most(bounds)}")
        )
    return found


def compare(before: pd.DataFrame, now: pd.DataFrame, entity: str, bounds: Bounds = BOUNDS) -> list[Finding]:
    """Compare two days' scores of a population.

    Args:
        before: entity and churn_probability, one row an entity, of the last day that the version before scored.
        now: the same of the day that the new version scored.
        entity: name of the key column.
        bounds: what is allowed.

    Returns:
        A finding for each figure that can be had; those that are broken say so.
    """
    found = [*_rows(before, now, bounds), *alone(now, bounds)]
    told = now.dropna(subset=[PROBABILITY])
    if before.empty or told.empty:
        return found
    if _same(before) > bounds.most_same / 2:  # the population is like that: its spike has no distribution
        return [*(one for one in found if one.name != "same"), _level(before, told, bounds)]
    return [*found, _shape(before, told, bounds), _level(before, told, bounds), *_ranks(before, told, entity, bounds)]


def why_broken(found: list[Finding]) -> str | None:
    """One sentence part with all that is broken; None if nothing is."""
    return "; ".join(one.sentence for one in found if one.broken) or None


def _rows(before: pd.DataFrame, now: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
    times = len(now) / len(before) if len(before) else math.inf
    broken = len(before) > 0 and not 1 / bounds.most_rows <= times <= bounds.most_rows
    yield Finding(
        "rows", times, broken,
        f"{len(now):,} people were scored, {len(before):,} before; at most {bounds.most_rows:g} times more or fewer",
    )  # fmt: skip


def _shape(before: pd.DataFrame, now: pd.DataFrame, bounds: Bounds) -> Finding:
    psi = distances(before[[PROBABILITY]].astype(float), now[[PROBABILITY]].astype(float))[PROBABILITY]
    return Finding(
        "psi", psi, not psi <= bounds.most_psi,
        f"the population stability index of the probability is {psi:.2f}, at most {bounds.most_psi:g} may be",
    )  # fmt: skip


def _level(before: pd.DataFrame, now: pd.DataFrame, bounds: Bounds) -> Finding:
    means = [float(one[PROBABILITY].mean()) for one in (before, now)]
    times = means[1] / means[0] if means[0] > 0 else math.inf
    return Finding(
        "times", times, not 1 / bounds.most_times <= times <= bounds.most_times,
        f"the mean probability went from {means[0]:.4f} to {means[1]:.4f}, at most {bounds.most_times:g} times more or "
        "less may be",
    )  # fmt: skip


def _ranks(before: pd.DataFrame, now: pd.DataFrame, entity: str, bounds: Bounds) -> Iterator[Finding]:
    both = before[[entity, PROBABILITY]].merge(now[[entity, PROBABILITY]], on=entity, how="inner")
    pair = [both[f"{PROBABILITY}_{side}"] for side in ("x", "y")]
    if len(both) < bounds.least_both or any(one.nunique() < 2 for one in pair):
        return
    rank = float(pair[0].corr(pair[1], method="spearman"))
    yield Finding(
        "rank", rank, not rank >= bounds.least_rank,
        f"the rank correlation over {len(both):,} people of both days is {rank:.2f}, at least {bounds.least_rank:g} is "
        "needed",
    )  # fmt: skip


def _same(rows: pd.DataFrame) -> float:
    counts = rows[PROBABILITY].value_counts(normalize=True)
    return float(counts.iloc[0]) if len(counts) else 0.0


def _most(bounds: Bounds) -> str:
    return f"at most {bounds.most_same:.0%} may"
