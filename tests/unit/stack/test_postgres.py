"""The database's address, as a person may see it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from stack.errors import PrichalError
from stack.postgres import address, open_installation, url
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


def test_a_url_of_another_database_is_an_error_without_its_password():
    with pytest.raises(PrichalError) as caught:
        address("mysql://writer:hunter2@db/mart")
    assert "hunter2" not in str(caught.value)
    assert is_one_sentence(caught.value)


@given(password=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1))
def test_any_password_survives_in_a_url(password: str):
    assert conninfo_to_dict(url("writer", password, 5432, "mart"))["password"] == password


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another user")
def test_an_installation_made_under_umask_077_is_opened_to_the_system_user(tmp_path: Path):
    program, library = tmp_path / "install" / "bin" / "postgres", tmp_path / "install" / "lib" / "ru.so"
    for path, mode in ((program, 0o700), (library, 0o600)):
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(mode)
    for folder in (tmp_path / "install", program.parent, library.parent):
        folder.chmod(0o700)
    (library.parent / "link").symlink_to(library)
    open_installation(tmp_path / "install")
    assert [path.stat().st_mode & 0o777 for path in (program, library, library.parent)] == [0o705, 0o604, 0o705]
    before = library.stat().st_ctime_ns
    open_installation(tmp_path / "install")
    assert library.stat().st_ctime_ns == before, "an open file is left alone"
