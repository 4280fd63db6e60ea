"""Profit by budget is that of counting people and money."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stack.errors import PrichalError
from tests.unit.builders import is_one_sentence
from training.evaluate.auc import RankingMetrics
from training.evaluate.bootstrap import BootstrapEstimate, estimate
from training.evaluate.profit import (
    Costs,
    best,
    curve,
    profit,
)

COSTS = Costs(contact=1, offer=10, value=110, acceptance=0.5, currency="rubles", basis="assumed")
#: from the likeliest to the least: left, left, stayed, left, stayed, stayed.
LABELS, SCORES = np.array([1, 1, 0, 1, 0, 0]), np.arange(6, 0, -1) / 10
BUDGETS = np.arange(1, 7) / 6


def ranked() -> dict[str, BootstrapEstimate]:
    return estimate({"own": RankingMetrics(LABELS, SCORES, budgets=BUDGETS)}, np.arange(6), seed=1)["own"]


def test_profit_of_six_people_equals_a_manual_sum():
    # Who would leave brings 0.5 * (110 - 10) - 1 = 49, who would stay takes the offer and costs 10 + 1.
    manual_profit = np.cumsum([49, 49, -11, 49, -11, -11])
    result = ranked()
    earned = profit(result["contacted"].value, result["found"].value, COSTS)
    assert earned == pytest.approx(1000 * manual_profit / 6)


def test_the_best_budget_is_the_one_that_earns_most():
    result = ranked()
    best_point = best(BUDGETS, result["contacted"], result["found"], COSTS)
    assert best_point["best_budget"]["value"] == pytest.approx(4 / 6)
    assert best_point["best_profit"]["value"] == pytest.approx(1000 * 136 / 6)
    assert best_point["best_budget"]["low"] <= 4 / 6 <= best_point["best_budget"]["high"]
    assert best_point["best_profit"]["low"] < best_point["best_profit"]["value"] < best_point["best_profit"]["high"]


def test_if_every_contact_loses_the_best_budget_is_zero():
    result = ranked()
    best_point = best(BUDGETS, result["contacted"], result["found"], replace(COSTS, acceptance=0.0))
    assert best_point["best_budget"] == best_point["best_profit"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_the_curve_says_its_costs_and_where_they_are_from():
    result = ranked()
    profit_curve = curve(BUDGETS, result["contacted"], result["found"], COSTS)
    assert profit_curve["unit"] == "rubles per 1,000 scored"
    assert profit_curve["costs"]["basis"] == "assumed"
    assert [point["budget"] for point in profit_curve["curve"]] == pytest.approx(list(BUDGETS))
    assert all(point["low"] <= point["value"] <= point["high"] for point in profit_curve["curve"])


@pytest.mark.parametrize(
    ("change", "expected_text"),
    [
        pytest.param({"contact": -1}, "contact is -1, it must be an amount of 0 or more", id="a contact that pays"),
        pytest.param({"value": float("nan")}, "value is nan, it must be an amount", id="no number"),
        pytest.param({"offer": float("inf")}, "offer is inf, it must be an amount", id="an offer without end"),
        pytest.param({"acceptance": 1.1}, "acceptance is 1.1, it must be a share from 0 to 1", id="more than all"),
    ],
)
def test_invalid_costs_are_an_error(change: dict[str, Any], expected_text: str):
    with pytest.raises(PrichalError, match=expected_text) as caught:
        replace(COSTS, **change)
    assert is_one_sentence(caught.value)
