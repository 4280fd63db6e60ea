"""The data dictionary says everything that is declared, and what was measured."""

from dataclasses import replace

import pytest

from features import AccessEnds, NoEvent, NoFirstCharge, Population, SnapshotSpec, dictionary_page
from lake import Column
from tests.unit.builders import contract, contract_sources, feature, source

SPEC = SnapshotSpec(
    project="shop",
    entity="user_id",
    sources=(source(key=("user_id", "day"), max_quarantined=0.005),),
    features=(feature("count", window=30), feature("days_since_last", unit="days")),
    populations=(
        Population("paid", "visits_count_30d > 0", "shop_paid", "who pays", NoEvent("visits", 30, grace_days=2)),
    ),
)


@pytest.mark.parametrize(
    "expected_text",
    [
        pytest.param("| minutes | double | yes |  | how long |", id="a column that may be empty"),
        pytest.param("| user_id | bigint | no | 1 | whom |", id="a column with a lowest value"),
        pytest.param("key: user_id, day; stops above 0.5% invalid rows", id="key and share"),
        pytest.param("| paid | `shop_paid` | who pays | `visits_count_30d > 0` |", id="a population"),
        pytest.param("[as_of, as_of + 30 days + 2 days of grace), else 0; null until 32 days", id="the label"),
        pytest.param("| `visits_days_since_last` | visits in all | days | never | Comes rarely |", id="a feature"),
    ],
)
def test_a_declaration_is_in_the_dictionary(expected_text: str):
    page = dictionary_page(SPEC, "Who will not come again.", {})
    assert expected_text in page
    assert page.startswith("# Data dictionary: shop\n\nWho will not come again.\n")


def test_a_label_without_grace_does_not_speak_of_it():
    short = replace(SPEC.populations[0], label=NoEvent("visits", 30))
    assert "grace" not in dictionary_page(replace(SPEC, populations=(short,)), "", {})


def test_a_contract_is_in_the_dictionary_with_the_labels_of_its_populations():
    paid = Population("paid", "contract_state = 'paid'", "shop_paid", "who pays", AccessEnds(contract(), 30, 2))
    trial = Population("trial", "contract_state = 'trial'", "shop_trial", "who tries", NoFirstCharge(contract(), 30, 3))
    spec = replace(SPEC, sources=contract_sources(), features=(), populations=(trial, paid), contract=contract())
    page = dictionary_page(spec, "", {})
    assert "`paid` while a row of `payments` with `status = 'succeeded'` covers it" in page
    assert "`label` of trial is 1 if the user_id has no succeeded payment from the start of the trial to 3 days" in page
    assert "ends in (as_of, as_of + 30 days] without being restored within 2 days, else 0" in page


def test_the_dictionary_lists_personal_columns_and_measures():
    text = replace(
        source(),
        columns=(*source().columns, Column("email", "string", "address", personal=True)),
        measures=(("hours", "minutes / 60"),),
    )
    page = dictionary_page(replace(SPEC, sources=(text,)), "", {})
    assert "| email | string | no |  | address (personal) |" in page
    assert "| hours | measure |  |  | `minutes / 60` |" in page


def test_every_row_of_the_features_table_has_every_column_measured_or_not():
    page = dictionary_page(SPEC, "", {"visits_count_30d": {"null": "0%", "median": "3"}})
    table = page[page.index("## Features") :].strip().splitlines()[2:]
    assert [row.count("|") for row in table] == [8] * 4
    assert table[2].endswith("| 0% | 3 |")
    assert table[3].endswith("|  |  |")


def test_the_origin_of_the_figures_is_above_them():
    page = dictionary_page(SPEC, "", {}, ["Measured on little.", "Read it so."])
    assert "## Features: 2\n\nMeasured on little.\n\nRead it so.\n\n| feature |" in page
    assert "`make docs PROJECT=shop`" in page
