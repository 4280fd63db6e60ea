"""The allocation is within every constraint and as good as the exact linear program, whatever binds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.policy.allocation import Allocation, action_gains, allocate
from actions.policy.constraints import AllocationError, Constraints, Floats, plan_constraints
from actions.policy.exact import linear_program
from tests.unit.actions.plans import PLAN
from tests.unit.builders import is_one_sentence

NAMES = ("budget", "channel sms", "offer gift", "action 0")
COST = np.array([0.5, 3.0, 30.0, 60.0])
USAGE = np.array([COST, [0, 1, 0, 2], [0, 0, 1, 1], [1, 0, 0, 0]])


def constraints(*allowed: float) -> Constraints:
    return Constraints(NAMES, USAGE, np.array(allowed, dtype=np.float64))


def gains(people: int, seed: int, kind: str = "different") -> Floats:
    """Gains with a fifth of the pairs not allowed; few different values, or one row for everybody, make ties."""
    rng = np.random.default_rng(seed)
    effects = rng.normal(0.02, 0.03, (people, 4))
    if kind == "tied":
        effects = np.round(effects * 50) / 50
    if kind == "equal":
        effects = np.tile(np.array([0.02, 0.03, 0.05, 0.09]), (people, 1))
    return action_gains(effects, 1000, COST, rng.random((people, 4)) > 0.2)


def is_within(plan: Allocation) -> bool:
    return bool((plan.used <= plan.constraints.allowed * (1 + 1e-9) + 1e-9).all())


#: what binds -> allowed amounts for 2,000 people.
LIMITS = {
    "the budget": (3_000, 1e6, 1e6, 1e6),
    "a channel": (1e9, 150, 1e6, 1e6),
    "an offer": (1e9, 1e6, 120, 1e6),
    "an action": (1e9, 1e6, 1e6, 90),
    "several": (5_000, 300, 150, 100),
    "nothing": (1e9, 1e6, 1e6, 1e6),
}


@pytest.mark.parametrize("kind", ["different", "tied", "equal"])
@pytest.mark.parametrize("binding", LIMITS)
def test_the_plan_is_as_good_as_the_linear_program(binding: str, kind: str):
    """A plan of whole people may lose a part of one person for each constraint."""
    given_gains = gains(2_000, 1, kind)
    plan = allocate(given_gains, constraints(*LIMITS[binding]))
    exact, _ = linear_program(given_gains, plan.constraints)
    assert is_within(plan)
    assert plan.gain <= exact * (1 + 1e-6)
    assert plan.bound == pytest.approx(exact, rel=2e-5)
    assert plan.gain >= exact - len(NAMES) * float(given_gains.max()) - 1e-4 * exact
    assert plan.gap < 0.01


def test_a_large_plan_is_within_a_thousandth_of_the_bound():
    plan = allocate(gains(50_000, 2), constraints(75_000, 7_500, 3_750, 2_500))
    assert is_within(plan)
    assert 0 <= plan.gap < 0.001
    assert (plan.used / plan.constraints.allowed > 0.999).sum() >= 2, "several constraints bind"


@given(
    seed=st.integers(0, 10_000),
    people=st.integers(0, 60),
    kind=st.sampled_from(["different", "tied", "equal"]),
    allowed=st.tuples(*[st.floats(0, 200)] * 4),
)
@settings(max_examples=150, deadline=None)
def test_no_constraint_is_ever_exceeded(seed: int, people: int, kind: str, allowed: tuple[float, ...]):
    given_gains = gains(people, seed, kind)
    plan = allocate(given_gains, constraints(*allowed))
    assert is_within(plan)
    chosen = plan.choice >= 0
    picked = given_gains[np.flatnonzero(chosen), plan.choice[chosen]]
    assert (picked > 0).all(), "nobody gets an action that costs more than it brings, or that is not allowed"
    assert plan.gain == pytest.approx(picked.sum())
    assert plan.counts.tolist() == np.bincount(plan.choice[chosen], minlength=4).tolist()
    assert plan.gain <= plan.bound + 1e-6


def test_without_a_binding_constraint_everybody_gets_the_best_action_and_nothing_has_a_price():
    given_gains = gains(500, 3)
    plan = allocate(given_gains, constraints(*LIMITS["nothing"]))
    best = np.where(given_gains.max(axis=1) > 0, given_gains.argmax(axis=1), -1)
    assert plan.choice.tolist() == best.tolist()
    assert plan.prices.tolist() == [0, 0, 0, 0]
    assert plan.gap == 0


def test_the_price_of_a_channel_is_what_more_contacts_add():
    given_gains = gains(20_000, 4)
    plan = allocate(given_gains, constraints(1e9, 1_500, 1e6, 1e6))
    more = allocate(given_gains, constraints(1e9, 1_600, 1e6, 1e6))
    added = (more.gain - plan.gain) / 100
    assert plan.prices[1] > 1
    assert plan.prices[1] == pytest.approx(added, rel=0.05)
    assert plan.prices[[0, 2, 3]].tolist() == [0, 0, 0]


def test_prices_agree_with_those_of_the_linear_program():
    given_gains = gains(5_000, 5)
    plan = allocate(given_gains, constraints(10_000, 500, 1e6, 1e6))
    _, prices = linear_program(given_gains, plan.constraints)
    assert plan.prices == pytest.approx(prices, rel=0.03, abs=0.05)


def test_equal_rows_give_the_same_plan_every_time():
    given_gains = gains(3_000, 6, "equal")
    limits = constraints(4_000, 200, 100, 80)
    first, second = allocate(given_gains, limits), allocate(given_gains.copy(), limits)
    assert first.choice.tolist() == second.choice.tolist()
    assert first.prices.tolist() == second.prices.tolist()


NOBODY_CASES = {
    "all gains are negative": (np.full((50, 4), -1.0), (1e3, 1e3, 1e3, 1e3)),
    "all effects are NaN": (action_gains(np.full((50, 4), np.nan), 1000, COST, np.ones((50, 4), bool)), (1e3,) * 4),
    "no action is allowed": (action_gains(np.ones((50, 4)), 1000, COST, np.zeros((50, 4), bool)), (1e3,) * 4),
    "the budget is below every cost": (np.full((50, 4), 10.0), (0.4, 1e3, 1e3, 1e3)),
    "nothing is allowed": (np.full((50, 4), 10.0), (0, 0, 0, 0)),
    "there are no people": (np.empty((0, 4)), (1e3, 1e3, 1e3, 1e3)),
}


@pytest.mark.parametrize("case", NOBODY_CASES)
def test_nobody_gets_an_action_where(case: str):
    given_gains, allowed = NOBODY_CASES[case]
    plan = allocate(given_gains, constraints(*allowed))
    assert (plan.choice == -1).all()
    assert plan.gain == 0
    assert plan.used.tolist() == [0, 0, 0, 0]


def test_a_person_without_an_effect_gets_no_action_and_others_do():
    effects = np.array([[np.nan, np.nan, np.nan, np.nan], [0.1, np.nan, np.nan, np.nan]])
    plan = allocate(action_gains(effects, 1000, COST, np.ones((2, 4), bool)), constraints(1e3, 1e3, 1e3, 1e3))
    assert plan.choice.tolist() == [-1, 0]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        pytest.param(lambda: allocate(np.ones((3, 2)), constraints(1, 1, 1, 1)), r"shape \(3, 2\)", id="shape"),
        pytest.param(lambda: allocate(np.full((3, 4), np.inf), constraints(1, 1, 1, 1)), "infinite", id="infinite"),
        pytest.param(
            lambda: allocate(np.ones((3, 127)), Constraints(("budget",), np.ones((1, 127)), np.ones(1))),
            "at most 126",
            id="too many actions",
        ),
        pytest.param(lambda: constraints(1, -1, 1, 1), "channel sms: it allows -1", id="negative"),
        pytest.param(lambda: constraints(np.nan, 1, 1, 1), "budget: it allows nan", id="NaN"),
        pytest.param(lambda: Constraints(NAMES, USAGE[:2], np.ones(4)), "4 constraints need as many", id="rows"),
    ],
)
def test_impossible_input_is_one_sentence(act, words: str):
    with pytest.raises(AllocationError, match=words) as caught:
        act()
    assert is_one_sentence(caught.value)


def test_a_plan_declares_its_constraints_once():
    declared = plan_constraints(PLAN, {"email_none_1": 70})
    assert declared.names == ("budget", "channel sms", "action email_none_1")
    assert declared.usage.tolist() == [[1, 22, 24], [0, 0, 1], [1, 0, 0]]
    assert declared.allowed.tolist() == [5_000, 1_000, 70]
