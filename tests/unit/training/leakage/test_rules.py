"""Rules too good to be true: a planted one is found in words, clean rows have none, and a project may know one."""

from dataclasses import replace

import numpy as np
import pytest

from training.data.frame import Frame
from training.leakage.checks import too_good_rules
from training.leakage.rules import find_rules

PEOPLE = 3000
KIND_AND_PRICE = ("own_purchase", "price")


def world(seed: int, leak: bool = False) -> Frame:
    """Trials whose price is told only once they are bought, if `leak`; else the price is told when they begin.

    The leavers of one kind of trial are many (88%), of the other half; ten features more act on the log-odds or do not.
    """
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(PEOPLE, 10))
    noise[rng.random(PEOPLE) < 0.2, 9] = np.nan
    expected = rng.random(PEOPLE) < 0.4
    log_odds = np.where(expected, 2.3, 0.0) + noise[:, 0] + 0.5 * noise[:, 1] * (noise[:, 2] > 0)
    labels = (rng.random(PEOPLE) < 1 / (1 + np.exp(-log_odds))).astype(int)
    raised = rng.random(PEOPLE) < 0.5
    price = np.where(raised & ~(leak & expected & (labels == 1)), 478.8, 399.0)
    names = ("own_purchase", "price", *(f"noise_{place}" for place in range(10)))
    rows = np.column_stack([expected, price, noise])
    return Frame(names, rows, labels, np.arange(PEOPLE), np.full(PEOPLE, np.datetime64("2026-06-01")))


def test_a_leaking_price_is_found_and_described():
    rules = find_rules(world(1, leak=True), seed=1)
    assert rules[0].features == KIND_AND_PRICE
    assert rules[0].words == "own_purchase = 1 and price = 478.8"
    assert rules[0].left == 0.0
    assert rules[0].expected > 0.4
    result = too_good_rules(world(1, leak=True), seed=1)
    assert (result.check, result.passed) == ("too_good_rules", False)
    assert result.sentence.startswith(f"0.0% left of {rules[0].rows} rows where own_purchase = 1 and price = 478.8; an")
    assert "known_rules" in result.sentence


def test_the_worlds_without_it_have_no_rule():
    assert [find_rules(world(seed), seed=1) for seed in range(10)] == [[]] * 10


def test_a_known_rule_is_reported_and_passes():
    rows = world(1, leak=True)
    present = too_good_rules(rows, 1, known_rules=[KIND_AND_PRICE])
    assert present.passed
    assert "Known: 0.0% left of" in present.sentence
    assert not too_good_rules(rows, 1, known_rules=[("price", "noise_1")]).passed


def test_a_single_decisive_condition_is_no_rule_of_two():
    """Those whose access ends later cannot leave: their neighbours in any second feature cannot either."""
    rows = world(2)
    later = rows.rows[:, 2] > 0.8
    assert find_rules(replace(rows, labels=np.where(later, 0, rows.labels)), seed=1) == []


@pytest.mark.parametrize("label", [0, 1])
def test_rows_of_one_class_have_no_rule(label: int):
    assert find_rules(replace(world(1), labels=np.full(PEOPLE, label)), seed=1) == []


def test_rows_of_the_same_person_do_not_confirm_each_other():
    """Forty rows of one person are one person."""
    rows = world(1, leak=True)
    bought = np.flatnonzero((rows.rows[:, 0] == 1) & (rows.rows[:, 1] > 400))
    remaining = np.ones(PEOPLE, dtype=bool)
    remaining[bought[8:]] = False
    few = rows.only(remaining)
    twice = np.concatenate([np.arange(len(few)), np.repeat(np.flatnonzero(np.isin(few.entity, bought)), 40)])
    many = Frame(few.names, few.rows[twice], few.labels[twice], few.entity[twice], few.as_of[twice])
    assert find_rules(many, seed=1) == []
