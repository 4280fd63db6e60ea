"""Sample sizes and power agree with published examples and with statsmodels."""

import pytest
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import power_proportions_2indep, proportion_effectsize

from actions.design.power import Comparison, PowerError, describe_need, power_of, sample_size
from tests.unit.builders import is_one_sentence


@pytest.mark.parametrize(
    ("baseline", "lift", "power", "significance", "people"),
    [
        pytest.param(0.50, 0.25, 0.90, 0.05, 77, id="R: power.prop.test(p1 = .50, p2 = .75, power = .90), n = 76.7"),
        pytest.param(0.50, 0.001, 0.90, 0.001, 10_451_937, id="R: p1 = .5, p2 = .501, sig.level = .001, power = .90"),
    ],
)
def test_sample_sizes_are_those_of_published_examples(
    baseline: float, lift: float, power: float, significance: float, people: int
):
    needed = sample_size(baseline, lift, power=power, significance=significance)
    assert (needed.treated, needed.control) == (people, people)


def test_power_is_that_of_a_published_example():
    assert power_of(0.50, 0.25, 50, 50) == pytest.approx(0.740, abs=0.0005)  # R: power.prop.test(n = 50, p1, p2)


@pytest.mark.parametrize("ratio", [0.25, 1.0, 9.0])
@pytest.mark.parametrize(("baseline", "lift"), [(0.9, 0.015), (0.9, -0.02), (0.5, 0.1)])
def test_power_of_unequal_groups_is_that_of_statsmodels(baseline: float, lift: float, ratio: float):
    control = 2_000
    theirs = power_proportions_2indep(lift, baseline, control * ratio, ratio=1 / ratio, return_results=False)
    assert power_of(baseline, lift, round(control * ratio), control) == pytest.approx(theirs, abs=0.002)


def test_sample_sizes_of_unequal_groups_are_near_those_of_the_arcsine_formula():
    effect = proportion_effectsize(0.915, 0.9)
    control = NormalIndPower().solve_power(effect, power=0.8, alpha=0.05, ratio=9.0)
    assert sample_size(0.9, 0.015, control_share=0.1).control == pytest.approx(control, rel=0.05)


@pytest.mark.parametrize("control_share", [0.05, 0.1, 0.5, 0.8])
def test_a_sample_of_the_computed_size_has_the_power(control_share: float):
    needed = sample_size(0.9, 0.015, control_share)
    assert power_of(0.9, 0.015, needed.treated, needed.control) == pytest.approx(0.8, abs=0.001)
    assert needed.total == needed.treated + needed.control


def test_the_smallest_lift_of_the_computed_size_is_the_lift():
    needed = sample_size(0.9, 0.015, 0.1)
    assert Comparison(0.9, needed.treated, needed.control).smallest_lift == pytest.approx(0.015, abs=1e-5)


@pytest.mark.parametrize(("treated", "control"), [(0, 100), (100, 0), (10, 10)])
def test_groups_that_show_no_lift_say_so(treated: int, control: int):
    comparison = Comparison(0.9, treated, control)
    assert comparison.smallest_lift is None
    assert comparison.describe().endswith("are too few to show any lift on 90.0%")


def test_the_clauses_name_people_lift_retention_and_level():
    assert describe_need(0.9, 0.015, 0.5) == "to see 1.5 points on 90.0% you need 11,712 people"
    assert Comparison(0.9, 5_856, 5_856).describe() == (
        "5,856 contacted and 5,856 control people show a lift of 1.5 points or more on 90.0% (80% power, 5% two-sided)"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param((0.9, 0.015, 0.0), "control_share is 0.0; it must be between 0 and 1", id="no control"),
        pytest.param((1.0, 0.015), "expected retention is 1.0; it must be between 0 and 1", id="everybody stays"),
        pytest.param((0.9, 0.0), "A lift of 0 cannot be seen", id="no lift"),
        pytest.param((0.9, 0.2), "leads to 1.1; it must be from 0 to 1", id="more than everybody"),
        pytest.param((0.9, 0.01, 0.5, 1.0), "power is 1.0", id="certain"),
    ],
)
def test_impossible_designs_are_one_sentence(arguments: tuple[float, ...], words: str):
    with pytest.raises(PowerError, match=words) as caught:
        sample_size(*arguments)
    assert is_one_sentence(caught.value)


def test_a_negative_group_is_one_sentence():
    with pytest.raises(PowerError, match="control group has -1 people") as caught:
        Comparison(0.9, 10, -1)
    assert is_one_sentence(caught.value)
