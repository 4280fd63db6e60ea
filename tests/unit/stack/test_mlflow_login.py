"""What MLflow's server is started with so that it asks who is there."""

import configparser
from pathlib import Path

import pytest

from stack import mlflow_login
from stack.mlflow_login import Login
from stack.mlflow_users import UserError, give_role
from stack.settings import Settings
from tests.unit.builders import is_one_sentence

SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("postgresql://mlflow:plain@db/mlflow", "postgresql+psycopg://mlflow:plain@db/mlflow"),
        ("postgresql://mlflow:a%40b%25@db/mlflow", "postgresql+psycopg://mlflow:a%40b%25@db/mlflow"),
        ("postgres://mlflow:plain@db/mlflow", "postgresql+psycopg://mlflow:plain@db/mlflow"),
    ],
    ids=["a plain password", "a password that a URL escapes", "the other name of the scheme"],
)
def test_mlflow_reads_the_configuration_as_it_was_meant(given: str, read: str, tmp_path: Path):
    built = Login(tmp_path / "auth.ini", SECRET, "key")
    built.write(given)
    parser = configparser.ConfigParser()
    parser.read(built.config)
    assert parser["mlflow"]["database_uri"] == read
    assert parser["mlflow"]["admin_password"] == SECRET
    assert parser["mlflow"]["default_permission"] == "NO_PERMISSIONS", "who has no role sees nothing"
    assert built.config.stat().st_mode & 0o777 == 0o600


def test_no_password_is_on_the_command_line_or_shown(tmp_path: Path):
    built = Login(tmp_path / "auth.ini", SECRET, SECRET)
    assert SECRET not in f"{built!r} {built.options}"


def test_a_container_without_the_admins_password_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("PRICHAL_MLFLOW_AUTH", "on")
    monkeypatch.delenv("MLFLOW_ADMIN_PASSWORD", raising=False)
    assert mlflow_login.main(["mlflow", "server"]) == 2
    assert "MLFLOW_ADMIN_PASSWORD is not set" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "role", "expected_text"),
    [
        ("anna", "boss", "Role 'boss' does not exist: use author, reviewer, scorer, reader"),
        ("anna:rita", "author", "User name 'anna:rita' is not allowed"),
        ("", "author", "User name '' is not allowed"),
        ("watch", "reviewer", "but not admin or watch"),
        ("admin", "reader", "but not admin or watch"),
    ],
    ids=["no such role", "a colon", "no name", "the watch", "the admin"],
)
def test_an_invalid_name_or_role_is_an_error_before_any_request(name: str, role: str, expected_text: str):
    with pytest.raises(UserError, match=expected_text) as caught:
        give_role(Settings(), name, role, pytest.fail)
    assert is_one_sentence(caught.value)
