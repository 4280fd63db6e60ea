"""The business behind the exports: contracts, contacts, levels, and an oracle that is right on average."""

import numpy as np
import pytest

from projects.churn.simulator.contracts.contract import Contracts, run_contracts
from projects.churn.simulator.contracts.terms import OPT_IN, PAID
from projects.churn.simulator.contracts.truth import States, make_states
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
    everybody = make_states(world, contracts)
    return everybody.take(everybody.matured)


def test_the_oracle_is_calibrated(states: States):
    for paid, cancelled in ((True, False), (True, True), (False, False)):
        here = states.take((states.paid == paid) & (states.cancelled == cancelled) & (states.probability > 0))
        order = np.argsort(here.probability, kind="stable")
        for part in np.array_split(order, 5):
            expected, spread = here.probability[part], np.sqrt((here.probability * (1 - here.probability))[part].sum())
            assert abs(here.left[part].sum() - expected.sum()) < 3.5 * spread + 1


def test_levels_are_those_of_such_a_business(states: States):
    paid, trial = states.take(states.paid), states.take(~states.paid)
    assert 0.04 < paid.left.mean() < 0.08
    assert 0.85 < auc(paid.left.astype(int), paid.probability) < 0.93
    assert 0.82 < auc(trial.left.astype(int), trial.probability) < 0.93
    assert 0.70 < (paid.months == 1).mean() < 0.82
    due = paid.take(paid.due)
    assert 0.55 < np.var(due.observable) / (np.var(due.observable) + np.var(due.hidden)) < 0.75


def test_nobody_of_the_global_control_is_ever_contacted(world: World, contracts: Contracts):
    spared = np.flatnonzero(world.people.global_control)
    contacted = contracts.terms.user[contracts.course.campaign >= 0]
    assert len(spared) > 50
    assert not set(spared) & set(contacted)


def test_what_a_contact_changes_is_drawn_with_common_random_numbers(contracts: Contracts):
    course, terms = contracts.course, contracts.terms
    called = course.campaign >= 0
    weaker = called & (course.moved < contracts.intent.propensity)
    stronger = called & (course.moved > contracts.intent.propensity)
    assert (course.stays_if | ~course.stays_if_not)[weaker].all()
    assert (course.stays_if_not | ~course.stays_if)[stronger].all()
    assert (course.stays_if_not[weaker] != course.stays_if[weaker]).any()
    assert (terms.kind[called] == PAID).all()


def test_a_click_lies_within_its_period_and_an_undo_after_it(contracts: Contracts):
    terms, course = contracts.terms, contracts.course
    clicked, undone = course.clicked > 0, course.undone > 0
    assert ((course.clicked > terms.deciding) & (course.clicked < terms.end))[clicked].all()
    assert ((course.undone > course.clicked) & (course.undone < terms.end))[undone].all()
    assert not (undone & ~clicked).any()
    assert not clicked[terms.kind == OPT_IN].any()
