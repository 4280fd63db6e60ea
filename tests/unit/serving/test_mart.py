"""A mart's names become SQL, so they are checked where they are declared."""

from datetime import date

import pytest

from serving import Mart
from serving.mart import MartError
from tests.unit.builders import is_one_sentence


@pytest.mark.parametrize(
    ("table", "entity", "entity_type", "sentence"),
    [
        pytest.param("Scores", "user_id", "bigint", "'Scores' must be at most 51", id="capitals"),
        pytest.param("scores; drop table x", "user_id", "bigint", "must be at most 51", id="SQL in the table"),
        pytest.param("scores", 'user"id', "bigint", "'user\"id' must be", id="a quote in the key"),
        pytest.param("s" * 52, "user_id", "bigint", "must be at most 51", id="too long for the names made of it"),
        pytest.param("scores", "", "bigint", "'' must be", id="no key"),
        pytest.param("scores", "user_id", "uuid", "entity_type 'uuid' is not allowed: use bigint or text", id="a type"),
    ],
)
def test_a_mart_that_postgresql_cannot_have_is_one_sentence(table: str, entity: str, entity_type: str, sentence: str):
    with pytest.raises(MartError, match=sentence) as caught:
        Mart(table, entity, entity_type)
    assert is_one_sentence(caught.value)


def test_names_derived_from_the_longest_table_name_differ_in_postgresql():
    mart = Mart("s" * 51, "user_id")
    names = {part.as_string(None) for part in (mart.scores, mart.current, mart.partition(date(1998, 7, 1)))}
    assert len({name.removeprefix('"mart"."').removesuffix('"')[:63] for name in names}) == 3
    assert max(len(name.removeprefix('"mart"."').removesuffix('"')) for name in names) <= 63


def test_each_day_has_a_partition_of_its_own():
    mart = Mart("cdnow_scores", "customer_id")
    assert mart.partition(date(1998, 7, 1)).as_string(None) == '"mart"."cdnow_scores_19980701"'
