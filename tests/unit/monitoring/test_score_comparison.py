"""A sound new version passes in spite of chance and the calendar; a broken one fails with its reason."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from monitoring.score_comparison import (
    Bounds,
    check_scores,
    compare_scores,
    failure_reason,
)

ROWS = 4000
PEOPLE = np.arange(ROWS)
RNG = np.random.default_rng(6)
RISK = RNG.normal(0, 1, ROWS)


def predicted(risk: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Probabilities of a model that knows the risk; `level` is their average in log-odds."""
    return np.asarray(1 / (1 + np.exp(-(risk + level))))


def day(probability: NDArray[np.float64], people: NDArray[np.int64] = PEOPLE) -> pd.DataFrame:
    return pd.DataFrame({"user_id": people, "churn_probability": probability})


def noisy(share: float) -> NDArray[np.float64]:
    return (1 - share) * RISK + share * np.random.default_rng(7).normal(0, 1, ROWS)


RARE, OFTEN = day(predicted(RISK, -3)), day(predicted(RISK, 0.5))

SOUND = {
    "the same again": (RARE, RARE),
    "another model of the same people": (RARE, day(predicted(noisy(0.3), -3))),
    "a steeper model": (OFTEN, day(predicted(1.8 * RISK, 0.5))),
    "a flatter model": (OFTEN, day(predicted(0.6 * RISK, 0.5))),
    "half as many leave as before": (RARE, day(predicted(RISK, -3.7))),
    "twice as many leave as before": (RARE, day(predicted(RISK, -2.3))),
    "half of the people are new": (RARE, day(predicted(np.roll(RISK, -ROWS // 2), -3), PEOPLE + ROWS // 2)),
    "all people are new": (RARE, day(predicted(RISK, -3), PEOPLE + ROWS)),
    "half as many people": (RARE, RARE.iloc[::2]),
    "one person on both days": (RARE.iloc[:1], RARE.iloc[:1]),
    "nobody before": (RARE.iloc[:0], RARE),
    "a population that all look alike": (day(np.full(ROWS, 0.2)), day(np.full(ROWS, 0.25))),
}


@pytest.mark.parametrize("case", SOUND)
def test_a_sound_version_passes(case: str):
    assert failure_reason(compare_scores(*SOUND[case], "user_id")) is None


BROKEN: dict[str, tuple[pd.DataFrame, pd.DataFrame, str]] = {
    "reversed, rare": (RARE, day(1 - predicted(RISK, -3)), "rank"),
    "reversed, frequent": (OFTEN, day(1 - predicted(RISK, 0.5)), "rank"),
    "shuffled": (OFTEN, day(np.random.default_rng(8).permutation(predicted(RISK, 0.5))), "rank"),
    "ten times too high": (RARE, day(np.minimum(10 * predicted(RISK, -3), 1)), "times"),
    "a tenth": (OFTEN, day(predicted(RISK, 0.5) / 10), "times"),
    "the log-odds for the probability": (OFTEN, day(np.clip(RISK + 0.5, 0, 1)), "psi"),
    "the class for the probability": (OFTEN, day((RISK > -0.5).astype(float)), "psi"),
    "the same for all": (RARE, day(np.full(ROWS, 0.05)), "same"),
    "zero for all": (RARE, day(np.zeros(ROWS)), "same"),
    "a probability missing": (RARE, day(np.where(PEOPLE == 7, np.nan, predicted(RISK, -3))), "missing"),
    "no row": (RARE, RARE.iloc[:0], "rows"),
    "a tenth of the rows": (RARE, RARE.iloc[::10], "rows"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_version_fails_with_the_figure_in_the_reason(case: str):
    before, now, name = BROKEN[case]
    checks = compare_scores(before, now, "user_id")
    broken = [check.name for check in checks if check.failed]
    assert name in broken
    reason = failure_reason(checks) or ""
    assert all((check.sentence in reason) == check.failed for check in checks)


@pytest.mark.parametrize(
    ("now", "broken"),
    [
        (RARE, []),
        (day(np.full(ROWS, 0.05)), ["same"]),
        (day(np.where(PEOPLE == 7, np.nan, 0.05 + PEOPLE / 1e6)), ["missing"]),
        (RARE.iloc[:0], []),
        (RARE.iloc[:1], []),
    ],
    ids=["sound", "the same for all", "one missing", "no row", "one person"],
)
def test_without_a_previous_version_missing_and_constant_scores_fail(now: pd.DataFrame, broken: list[str]):
    assert [check.name for check in check_scores(now) if check.failed] == broken


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("rows", lambda value: Bounds(max_count_ratio=value)),
        ("times", lambda value: Bounds(max_mean_ratio=value)),
        ("psi", lambda value: Bounds(max_psi=value)),
        ("rank", lambda value: Bounds(min_rank_correlation=value)),
    ],
)
def test_a_figure_at_its_bound_is_allowed_and_beyond_it_is_not(name: str, bounds: Callable[[float], Bounds]):
    before, now = OFTEN, day(predicted(noisy(0.2), 0.8)[: ROWS // 2], PEOPLE[: ROWS // 2])
    value = next(check.value for check in compare_scores(before, now, "user_id") if check.name == name)
    at = 1 / value if name == "rows" else value
    beyond = at + 1e-9 if name == "rank" else at - 1e-9
    failed = [
        {check.name for check in compare_scores(before, now, "user_id", bounds(value)) if check.failed}
        for value in (at, beyond)
    ]
    assert [name in names for names in failed] == [False, True]


def test_too_few_common_entities_give_no_rank_correlation():
    few = day(1 - predicted(RISK, 0.5), PEOPLE + ROWS - 99)
    assert "rank" not in {check.name for check in compare_scores(OFTEN, few, "user_id")}
    enough = day(1 - predicted(RISK, 0.5), PEOPLE + ROWS - 100)
    assert "rank" in {check.name for check in compare_scores(OFTEN, enough, "user_id")}
