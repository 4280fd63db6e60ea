"""The database's address, as a person may see it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from stack.errors import PrichalError
from stack.postgres import address, url
from tests.unit.builders import is_one_sentence


@pytest.mark.parametrize(
    ("database_url", "shown"),
    [
        ("postgresql://writer:hunter2@db.example:5433/mart", "db.example:5433/mart"),
        ("postgresql://writer:hunter2@db.example/mart", "db.example:5432/mart"),
        ("postgresql://writer:hunter2@[::1]:5433/mart?sslmode=require", "::1:5433/mart"),
        ("postgresql://writer:a%40b%2Fhunter2@db/mart", "db:5432/mart"),
        ("host=db user=writer password=hunter2 dbname=mart", "db:5432/mart"),
    ],
)
def test_an_address_shows_neither_user_nor_password(database_url: str, shown: str):
    assert address(database_url) == shown


def test_a_url_of_another_database_is_told_without_its_password():
    with pytest.raises(PrichalError) as caught:
        address("mysql://writer:hunter2@db/mart")
    assert "hunter2" not in str(caught.value)
    assert is_one_sentence(caught.value)


@given(password=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1))
def test_any_password_survives_in_a_url(password: str):
    assert conninfo_to_dict(url("writer", password, 5432, "mart"))["password"] == password
