"""People are assigned to groups at random, by the declared shares, and the same in every run."""

import numpy as np
import pytest

from actions.declare.plan import ControlGroups
from actions.design.assignment import GROUPS, assign_groups, group_probabilities
from actions.design.draws import uniform_draws
from actions.design.eligibility import EligiblePeople

CONTROL = ControlGroups(salt="shop", global_share=0.05, campaign_share=0.2, exploration_share=0.3)


def people(count: int, seed: int = 1) -> EligiblePeople:
    """People with one to three allowed actions."""
    allowed = np.random.default_rng(seed).random((count, 3)) < 0.6
    allowed[~allowed.any(axis=1), 0] = True
    return EligiblePeople(np.array([f"u{number}" for number in range(count)], dtype=object), allowed, {})


EVERYBODY = people(20_000)
ASSIGNED = assign_groups(CONTROL, "shop-2026-07-01", EVERYBODY)


def test_groups_have_the_declared_shares():
    shares = np.array(list(ASSIGNED.counts.values())) / len(EVERYBODY)
    assert np.abs(shares - [0.05, 0.95 * 0.2, 0.95 * 0.3, 0.95 * 0.5]).max() < 0.01
    assert group_probabilities(CONTROL).sum() == pytest.approx(1)


def test_the_global_control_group_is_the_draw_of_the_salt_and_the_same_in_every_campaign():
    is_global = ASSIGNED.group == GROUPS.index("global control")
    assert (is_global == (uniform_draws("shop", EVERYBODY.entities) < 0.05)).all()
    other = assign_groups(CONTROL, "shop-2026-07-02", EVERYBODY)
    assert ((other.group == GROUPS.index("global control")) == is_global).all()
    assert (other.group != ASSIGNED.group).any()


def test_exploring_people_get_one_of_their_allowed_actions_and_nobody_else_gets_any():
    explores = ASSIGNED.group == GROUPS.index("explore")
    assert (ASSIGNED.action[~explores] == -1).all()
    assert EVERYBODY.allowed[explores, ASSIGNED.action[explores]].all()


def test_allowed_actions_are_drawn_with_equal_shares():
    everything = EligiblePeople(EVERYBODY.entities, np.ones((len(EVERYBODY), 3), dtype=bool), {})
    assigned = assign_groups(CONTROL, "c", everything)
    drawn = np.bincount(assigned.action[assigned.action >= 0], minlength=3)
    assert np.abs(drawn / drawn.sum() - 1 / 3).max() < 0.02


def test_probabilities_are_those_of_the_draws():
    """With the allowed actions in the place of the group explore, the probabilities of a person sum to 1."""
    expected = group_probabilities(CONTROL)[ASSIGNED.group]
    explores = ASSIGNED.group == GROUPS.index("explore")
    expected[explores] /= EVERYBODY.allowed[explores].sum(axis=1)
    assert (ASSIGNED.probability == expected).all()
    assert (1 / ASSIGNED.probability[explores]).sum() == pytest.approx(
        len(EVERYBODY) * EVERYBODY.allowed.sum(axis=1).mean(), rel=0.03
    )


def test_a_second_run_and_another_order_of_people_give_the_same_groups():
    again_assigned = assign_groups(CONTROL, "shop-2026-07-01", people(20_000))
    assert (again_assigned.group == ASSIGNED.group).all()
    reverse = EligiblePeople(EVERYBODY.entities[::-1], EVERYBODY.allowed[::-1], {})
    reversed_groups = assign_groups(CONTROL, "shop-2026-07-01", reverse)
    assert (reversed_groups.group[::-1] == ASSIGNED.group).all()
    assert (reversed_groups.action[::-1] == ASSIGNED.action).all()


def test_groups_of_two_campaigns_and_the_drawn_actions_are_independent():
    other = assign_groups(CONTROL, "shop-2026-08-01", EVERYBODY)
    table = np.histogram2d(ASSIGNED.group, other.group, bins=4)[0][1:, 1:]
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    assert ((table - expected) ** 2 / expected).sum() < 18.5  # chi-square, 4 degrees of freedom, p = 0.001


def test_nobody_is_assigned_where_nobody_is_eligible():
    assert assign_groups(CONTROL, "c", people(0)).counts == dict.fromkeys(GROUPS, 0)
