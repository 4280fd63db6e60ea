"""Compare the scores of a new version's first days with the last scores of the previous version.

The gate has judged which version is better. These checks find a broken version: reversed probabilities, another scale,
one probability for all rows, or far fewer rows.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from monitoring.distance import distances

PROBABILITY = "churn_probability"


@dataclass(frozen=True)
class Bounds:
    """Bounds of sound scores; docs/canary.md has the measurements of sound and broken versions behind them.

    Attributes:
        max_psi: of the probability's population stability index. Sound versions of one family stayed below, another
            family on few rows reached 1.6; reversed probabilities where most leave had 1.3 or more.
        max_mean_ratio: how many times the mean probability may rise or fall. Sound versions reached 1.3, and a business
            may have a bad month; ten times too high, cut at 1, was 5.4 or more where few leave.
        min_rank_correlation: over entities of both days. Sound versions four months apart had 0.58 or more; shuffled
            scores have 0, reversed ones are negative.
        max_same_share: share of rows with one probability, if it was less than half of that before. A model that lost
            its features predicts the same for all rows.
        max_count_ratio: how many times the number of rows may rise or fall.
        min_common_entities: of both days, for a rank correlation.
        canary_days: scoring days after a promotion on which a version is checked. A broken version shows on the first;
            the others are for a day with an empty population or a late feed.
    """

    max_psi: float = 1.2
    max_mean_ratio: float = 3.0
    min_rank_correlation: float = 0.2
    max_same_share: float = 0.9
    max_count_ratio: float = 3.0
    min_common_entities: int = 100
    canary_days: int = 3


BOUNDS = Bounds()


@dataclass(frozen=True)
class ScoreCheck:
    """One check of a day's scores: its figure, and whether the figure is out of bounds."""

    name: str
    value: float
    failed: bool
    sentence: str


def check_scores(now: pd.DataFrame, bounds: Bounds = BOUNDS) -> list[ScoreCheck]:
    """The checks that need no previous version: missing probabilities, one probability for all rows.

    Args:
        now: entity and churn_probability of each scored row.
        bounds: of sound scores.
    """
    missing = float(now[PROBABILITY].isna().mean()) if len(now) else 0.0
    checks = [ScoreCheck("missing", missing, missing > 0, f"{missing:.1%} of the rows have no probability")]
    if len(now) > 1:
        share = _same_share(now)
        checks.append(
            ScoreCheck(
                "same", share, share > bounds.max_same_share,
                f"{share:.1%} of the rows have the same probability, at most {bounds.max_same_share:.0%} is allowed",
            )
        )  # fmt: skip
    return checks


def compare_scores(before: pd.DataFrame, now: pd.DataFrame, entity: str, bounds: Bounds = BOUNDS) -> list[ScoreCheck]:
    """Compare two days' scores of a population.

    Args:
        before: entity and churn_probability, one row an entity, of the previous version's last day.
        now: the same of a day of the new version.
        entity: name of the key column.
        bounds: of sound scores.

    Returns:
        One check for each figure that can be measured.
    """
    checks = [*_count(before, now, bounds), *check_scores(now, bounds)]
    valid = now.dropna(subset=[PROBABILITY])
    if before.empty or valid.empty:
        return checks
    if _same_share(before) > bounds.max_same_share / 2:  # such a population has one probability: no distribution
        return [*(check for check in checks if check.name != "same"), _mean(before, valid, bounds)]
    return [*checks, _psi(before, valid, bounds), _mean(before, valid, bounds), *_rank(before, valid, entity, bounds)]


def failure_reason(checks: list[ScoreCheck]) -> str | None:
    """All failed checks as a part of a sentence; None if none failed."""
    return "; ".join(check.sentence for check in checks if check.failed) or None


def _count(before: pd.DataFrame, now: pd.DataFrame, bounds: Bounds) -> Iterator[ScoreCheck]:
    ratio = len(now) / len(before) if len(before) else math.inf
    failed = len(before) > 0 and not 1 / bounds.max_count_ratio <= ratio <= bounds.max_count_ratio
    yield ScoreCheck(
        "rows", ratio, failed,
        f"{len(now):,} rows were scored, {len(before):,} before; a factor of at most {bounds.max_count_ratio:g} is "
        "allowed",
    )  # fmt: skip


def _psi(before: pd.DataFrame, now: pd.DataFrame, bounds: Bounds) -> ScoreCheck:
    psi = distances(before[[PROBABILITY]].astype(float), now[[PROBABILITY]].astype(float))[PROBABILITY]
    return ScoreCheck(
        "psi", psi, not psi <= bounds.max_psi,
        f"the population stability index of the probability is {psi:.2f}, at most {bounds.max_psi:g} is allowed",
    )  # fmt: skip


def _mean(before: pd.DataFrame, now: pd.DataFrame, bounds: Bounds) -> ScoreCheck:
    means = [float(rows[PROBABILITY].mean()) for rows in (before, now)]
    ratio = means[1] / means[0] if means[0] > 0 else math.inf
    return ScoreCheck(
        "times", ratio, not 1 / bounds.max_mean_ratio <= ratio <= bounds.max_mean_ratio,
        f"the mean probability changed from {means[0]:.4f} to {means[1]:.4f}, a factor of at most "
        f"{bounds.max_mean_ratio:g} is allowed",
    )  # fmt: skip


def _rank(before: pd.DataFrame, now: pd.DataFrame, entity: str, bounds: Bounds) -> Iterator[ScoreCheck]:
    common = before[[entity, PROBABILITY]].merge(now[[entity, PROBABILITY]], on=entity, how="inner")
    earlier, later = (common[f"{PROBABILITY}_{side}"] for side in ("x", "y"))
    if len(common) < bounds.min_common_entities or earlier.nunique() < 2 or later.nunique() < 2:
        return
    rank = float(earlier.corr(later, method="spearman"))
    yield ScoreCheck(
        "rank", rank, not rank >= bounds.min_rank_correlation,
        f"the rank correlation over {len(common):,} entities of both days is {rank:.2f}, at least "
        f"{bounds.min_rank_correlation:g} is required",
    )  # fmt: skip


def _same_share(rows: pd.DataFrame) -> float:
    """Share of rows with the most frequent probability."""
    shares = rows[PROBABILITY].value_counts(normalize=True)
    return float(shares.iloc[0]) if len(shares) else 0.0
