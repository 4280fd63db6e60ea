"""A contract declared wrong is told where it is declared."""

from typing import Any

import pytest

from lake.declarations import DeclarationError
from tests.unit.builders import contract, contract_sources, is_one_sentence


def test_a_contract_that_fits_its_sources_is_taken():
    contract().check(contract_sources())


@pytest.mark.parametrize(
    ("changes", "expected_text"),
    [
        pytest.param(
            {"payments": "charges"}, "no source charges; the sources are payments, subscriptions", id="no source"
        ),
        pytest.param({"period_end": "until"}, "payments has no column until", id="no column"),
        pytest.param(
            {"period_start": "status"}, "status of payments is neither a date nor a timestamp", id="no moment"
        ),
        pytest.param({"promo_end": "kind"}, "kind of subscriptions is neither a date", id="no end of the lower price"),
        pytest.param({"auto_renew": "by"}, "by of switches is not a bigint", id="a switch that is a text"),
    ],
)
def test_a_contract_that_does_not_fit_its_sources_is_an_error(changes: dict[str, Any], expected_text: str):
    with pytest.raises(DeclarationError, match=expected_text) as caught:
        contract(**changes).check(contract_sources())
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("name", ["grace_days", "joined_days"])
def test_negative_days_are_an_error(name: str):
    with pytest.raises(DeclarationError, match=f"{name} is -1, it must be at least 0"):
        contract(**{name: -1})
