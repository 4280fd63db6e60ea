"""The simulated business behind the exports: contracts, contacts, levels, and calibrated true probabilities."""

import numpy as np
import pytest

from projects.churn.simulator.behaviour.churn_signals import make_churn_signals
from projects.churn.simulator.contracts.contract import Contracts, run_contracts
from projects.churn.simulator.contracts.periods import OPT_IN, PAID
from projects.churn.simulator.truth.states import States, make_states
from projects.churn.simulator.world import World, make_world
from training import auc


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(4000, 12, 3)


@pytest.fixture(scope="module")
def contracts(world: World) -> Contracts:
    return run_contracts(world)


@pytest.fixture(scope="module")
def states(world: World, contracts: Contracts) -> States:
    states = make_states(world, contracts, make_churn_signals(world, contracts))
    return states.select_rows(states.matured)


def test_the_oracle_is_calibrated(states: States):
    for paid, cancelled in ((True, False), (True, True), (False, False)):
        group = states.select_rows((states.paid == paid) & (states.cancelled == cancelled) & (states.probability > 0))
        order = np.argsort(group.probability, kind="stable")
        for part in np.array_split(order, 5):
            expected, spread = (
                group.probability[part],
                np.sqrt((group.probability * (1 - group.probability))[part].sum()),
            )
            assert abs(group.left[part].sum() - expected.sum()) < 3.5 * spread + 1


def test_levels_lie_in_their_realistic_ranges(states: States):
    paid, trial = states.select_rows(states.paid), states.select_rows(~states.paid)
    assert 0.04 < paid.left.mean() < 0.08
    assert 0.85 < auc(paid.left.astype(int), paid.probability) < 0.93
    assert 0.82 < auc(trial.left.astype(int), trial.probability) < 0.93
    assert 0.70 < (paid.months == 1).mean() < 0.82
    due = paid.select_rows(paid.due)
    assert 0.55 < np.var(due.observable) / (np.var(due.observable) + np.var(due.hidden)) < 0.75


def test_nobody_in_the_global_control_group_is_contacted(world: World, contracts: Contracts):
    control_users = np.flatnonzero(world.people.global_control)
    contacted = contracts.periods.user[contracts.decision.campaign >= 0]
    assert len(control_users) > 50
    assert not set(control_users) & set(contacted)


def test_potential_outcomes_of_all_arms_share_random_numbers(contracts: Contracts):
    decision, periods = contracts.decision, contracts.periods
    propensities = contracts.intent.arm_propensities
    stays_control = decision.stays[:, :1]
    weaker, stronger = propensities < propensities[:, :1], propensities > propensities[:, :1]
    assert (decision.stays | ~stays_control)[weaker].all()
    assert (stays_control | ~decision.stays)[stronger].all()
    assert (decision.stays != stays_control)[weaker].any()
    assert (periods.kind[decision.campaign >= 0] == PAID).all()


def test_a_cancel_click_lies_within_its_period_and_its_reversal_after_it(contracts: Contracts):
    periods, decision = contracts.periods, contracts.decision
    clicked, undone = decision.clicked > 0, decision.undone > 0
    assert ((decision.clicked > periods.decision_start) & (decision.clicked < periods.end))[clicked].all()
    assert ((decision.undone > decision.clicked) & (decision.undone < periods.end))[undone].all()
    assert not (undone & ~clicked).any()
    assert not clicked[periods.kind == OPT_IN].any()
