"""The data dictionary says everything that is declared, and what was measured."""

from dataclasses import replace

import pytest

from features import NoEvent, Population, SnapshotSpec, dictionary_page
from tests.unit.builders import feature, source

SPEC = SnapshotSpec(
    project="shop",
    entity="user_id",
    sources=(source(key=("user_id", "day"), max_quarantined=0.005),),
    features=(feature("count", window=30), feature("days_since_last", unit="days")),
    label=NoEvent("visits", horizon_days=30, grace_days=2),
    populations=(Population("paid", "visits_count_30d > 0", "shop_paid", "who pays"),),
)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("| minutes | double | yes |  | how long |", id="a column that may be empty"),
        pytest.param("| user_id | bigint | no | 1 | whom |", id="a column with a lowest value"),
        pytest.param("key: user_id, day; stops above 0.5% unusable rows", id="key and share"),
        pytest.param("| paid | `shop_paid` | who pays | `visits_count_30d > 0` |", id="a population"),
        pytest.param("[as_of, as_of + 30 days + 2 days of grace), else 0; null until", id="the label"),
        pytest.param("| `visits_days_since_last` | visits in all | days | never | Comes rarely |", id="a feature"),
    ],
)
def test_a_declaration_is_in_the_dictionary(said: str):
    page = dictionary_page(SPEC, "Who will not come again.", {})
    assert said in page
    assert page.startswith("# Data dictionary: shop\n\nWho will not come again.\n")


def test_a_label_without_grace_does_not_speak_of_it():
    assert "grace" not in dictionary_page(replace(SPEC, label=NoEvent("visits", 30)), "", {})


def test_every_row_of_the_features_table_has_every_column_measured_or_not():
    page = dictionary_page(SPEC, "", {"visits_count_30d": {"null": "0%", "median": "3"}})
    table = page[page.index("## Features") :].strip().splitlines()[2:]
    assert [row.count("|") for row in table] == [8] * 4
    assert table[2].endswith("| 0% | 3 |")
    assert table[3].endswith("|  |  |")
