"""A sound new version passes whatever chance and the calendar do to its scores; a broken one is seen, and why."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from monitoring.score_comparison import (
    Bounds,
    alone,
    compare,
    why_broken,
)

ROWS = 4000
PEOPLE = np.arange(ROWS)
RNG = np.random.default_rng(6)
RISK = RNG.normal(0, 1, ROWS)


def says(risk: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Probabilities of a model that knows the risk, about `level` in log-odds."""
    return np.asarray(1 / (1 + np.exp(-(risk + level))))


def day(probability: NDArray[np.float64], people: NDArray[np.int64] = PEOPLE) -> pd.DataFrame:
    return pd.DataFrame({"user_id": people, "churn_probability": probability})


def noisy(share: float) -> NDArray[np.float64]:
    return (1 - share) * RISK + share * np.random.default_rng(7).normal(0, 1, ROWS)


RARE, OFTEN = day(says(RISK, -3)), day(says(RISK, 0.5))

SOUND = {
    "the same again": (RARE, RARE),
    "another model of the same people": (RARE, day(says(noisy(0.3), -3))),
    "a steeper model": (OFTEN, day(says(1.8 * RISK, 0.5))),
    "a flatter model": (OFTEN, day(says(0.6 * RISK, 0.5))),
    "half as many leave as before": (RARE, day(says(RISK, -3.7))),
    "twice as many leave as before": (RARE, day(says(RISK, -2.3))),
    "half of the people are new": (RARE, day(says(np.roll(RISK, -ROWS // 2), -3), PEOPLE + ROWS // 2)),
    "all people are new": (RARE, day(says(RISK, -3), PEOPLE + ROWS)),
    "half as many people": (RARE, RARE.iloc[::2]),
    "one person on both days": (RARE.iloc[:1], RARE.iloc[:1]),
    "nobody before": (RARE.iloc[:0], RARE),
    "a population that all look alike": (day(np.full(ROWS, 0.2)), day(np.full(ROWS, 0.25))),
}


@pytest.mark.parametrize("case", SOUND)
def test_a_sound_version_is_left_alone(case: str):
    assert why_broken(compare(*SOUND[case], "user_id")) is None


BROKEN: dict[str, tuple[pd.DataFrame, pd.DataFrame, str]] = {
    "turned round, rare": (RARE, day(1 - says(RISK, -3)), "rank"),
    "turned round, often": (OFTEN, day(1 - says(RISK, 0.5)), "rank"),
    "shuffled": (OFTEN, day(np.random.default_rng(8).permutation(says(RISK, 0.5))), "rank"),
    "ten times as much": (RARE, day(np.minimum(10 * says(RISK, -3), 1)), "times"),
    "a tenth": (OFTEN, day(says(RISK, 0.5) / 10), "times"),
    "the log-odds for the probability": (OFTEN, day(np.clip(RISK + 0.5, 0, 1)), "psi"),
    "the class for the probability": (OFTEN, day((RISK > -0.5).astype(float)), "psi"),
    "the same for all": (RARE, day(np.full(ROWS, 0.05)), "same"),
    "zero for all": (RARE, day(np.zeros(ROWS)), "same"),
    "a probability missing": (RARE, day(np.where(PEOPLE == 7, np.nan, says(RISK, -3))), "missing"),
    "nobody": (RARE, RARE.iloc[:0], "rows"),
    "a tenth of the people": (RARE, RARE.iloc[::10], "rows"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_version_is_seen_and_the_figure_is_told(case: str):
    before, now, name = BROKEN[case]
    found = compare(before, now, "user_id")
    broken = [one.name for one in found if one.broken]
    assert name in broken
    why = why_broken(found) or ""
    assert all((one.sentence in why) == one.broken for one in found)


@pytest.mark.parametrize(
    ("now", "broken"),
    [
        (RARE, []),
        (day(np.full(ROWS, 0.05)), ["same"]),
        (day(np.where(PEOPLE == 7, np.nan, 0.05 + PEOPLE / 1e6)), ["missing"]),
        (RARE.iloc[:0], []),
        (RARE.iloc[:1], []),
    ],
    ids=["sound", "the same for all", "one missing", "nobody", "one person"],
)
def test_without_a_day_before_only_what_can_be_seen_alone_is(now: pd.DataFrame, broken: list[str]):
    assert [one.name for one in alone(now) if one.broken] == broken


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("rows", lambda value: Bounds(most_rows=value)),
        ("times", lambda value: Bounds(most_times=value)),
        ("psi", lambda value: Bounds(most_psi=value)),
        ("rank", lambda value: Bounds(least_rank=value)),
    ],
)
def test_a_figure_at_its_bound_is_allowed_and_beyond_it_is_not(name: str, bounds: Callable[[float], Bounds]):
    before, now = OFTEN, day(says(noisy(0.2), 0.8)[: ROWS // 2], PEOPLE[: ROWS // 2])
    value = next(one.value for one in compare(before, now, "user_id") if one.name == name)
    at = 1 / value if name == "rows" else value
    beyond = at + 1e-9 if name == "rank" else at - 1e-9
    broken = [{one.name for one in compare(before, now, "user_id", bounds(one)) if one.broken} for one in (at, beyond)]
    assert [name in one for one in broken] == [False, True]


def test_too_few_people_of_both_days_say_nothing_of_their_ranks():
    few = day(1 - says(RISK, 0.5), PEOPLE + ROWS - 99)
    assert "rank" not in {one.name for one in compare(OFTEN, few, "user_id")}
    enough = day(1 - says(RISK, 0.5), PEOPLE + ROWS - 100)
    assert "rank" in {one.name for one in compare(OFTEN, enough, "user_id")}
