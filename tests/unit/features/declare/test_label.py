"""When it is known who has left."""

from datetime import date

import pytest

from features import NoEvent, Population
from lake.declarations import DeclarationError
from tests.unit.builders import is_one_sentence


@pytest.mark.parametrize(
    ("grace", "covered_until", "matured"),
    [
        pytest.param(0, date(1998, 1, 30), False, id="the last day of the horizon is missing"),
        pytest.param(0, date(1998, 1, 31), True, id="the horizon is covered to its last day"),
        pytest.param(2, date(1998, 2, 1), False, id="the last day of grace is missing"),
        pytest.param(2, date(1998, 2, 2), True, id="the grace is covered to its last day"),
    ],
)
def test_a_label_matures_on_the_day_after_its_reach_and_not_before(grace: int, covered_until: date, matured: bool):
    label = NoEvent("visits", horizon_days=30, grace_days=grace)
    as_of = date(1998, 1, 1)
    assert label.matured(as_of, covered_until) is matured
    assert label.matured(as_of, label.matures_on(as_of))


@pytest.mark.parametrize(("horizon", "grace"), [(0, 0), (-1, 0), (30, -1)])
def test_a_label_without_a_horizon_is_an_error(horizon: int, grace: int):
    with pytest.raises(DeclarationError, match=f"horizon {horizon} .* grace {grace} ") as caught:
        NoEvent("visits", horizon, grace)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("every_days", [0, -7, 29])
def test_a_population_without_a_sensible_number_of_days_between_snapshots_is_an_error(every_days: int):
    with pytest.raises(
        DeclarationError, match=f"Population all: every_days is {every_days}, it may be 1 to 28"
    ) as caught:
        Population("all", "true", "shop", "everybody", NoEvent("visits", 30), every_days)
    assert is_one_sentence(caught.value)


def test_the_condition_of_a_label_is_part_of_its_text_only_where_there_is_one():
    before = "NoEvent(source='visits', horizon_days=30, grace_days=0)"
    assert repr(NoEvent("visits", 30)) == before  # as earlier releases hashed it
    assert repr(NoEvent("visits", 30, where="minutes > 1")) == before.replace(")", ", where='minutes > 1')")


def test_the_condition_of_a_label_is_in_its_description():
    assert NoEvent("orders", 30, where="status = 'paid'").description == (
        "no row in `orders` with `status = 'paid'` in [as_of, as_of + 30 days)"
    )
