"""Settings come from the environment and `.stack/env`, strictly, and keep secrets to themselves."""

import getpass
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.errors import SettingError
from stack.settings import VARIABLES, Settings, read_env_file, reviewer, user, without_secrets, write_env_file
from tests.unit.builders import is_one_sentence

SECRET = "hunter2-hunter2"


def load(state: Path, **environ: str) -> Settings:
    return Settings.load({"PRICHAL_STATE": str(state), **environ})


def source_env_file(path: Path, name: str) -> str:
    """The value of a variable in a shell that sourced the file."""
    script = f'. "$1"; printf %s "${name}"'
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", str(path)], capture_output=True, check=True, text=True, env={}
    )
    return done.stdout


def test_an_unknown_variable_is_an_error_that_lists_the_settings(tmp_path: Path):
    with pytest.raises(SettingError, match=r"PRICHAL_LAKES is not a setting of Prichal.*PRICHAL_LAKE,") as caught:
        load(tmp_path, PRICHAL_LAKES="/data")
    assert is_one_sentence(caught.value)


def test_other_programs_variables_are_none_of_our_business(tmp_path: Path):
    assert load(tmp_path, EDITOR="vi").state == tmp_path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("PRICHAL_POSTGRES_PORT", "post", id="a word for a port"),
        pytest.param("PRICHAL_MLFLOW_PORT", "-1", id="a negative port"),
        pytest.param("PRICHAL_S3_PORT", "8333.5", id="half a port"),
        pytest.param("PRICHAL_DRIVER_MEMORY", "2 GB", id="memory as a person writes it"),
    ],
)
def test_an_invalid_value_is_an_error_with_its_variable(name: str, value: str, tmp_path: Path):
    with pytest.raises(SettingError) as caught:
        load(tmp_path, **{name: value})
    assert str(caught.value).startswith(f"{name}={value!r} cannot be used: ")
    assert is_one_sentence(caught.value)


PORTS = ("PRICHAL_POSTGRES_PORT", "PRICHAL_S3_PORT", "PRICHAL_MLFLOW_PORT")


@pytest.mark.parametrize("name", PORTS)
def test_ports_go_from_1_to_65535(name: str, tmp_path: Path):
    for value in ("1", "65535"):
        assert int(value) in load(tmp_path, **{name: value}).model_dump().values()
    for value in ("0", "65536"):
        with pytest.raises(SettingError, match=f"^{name}='{value}' cannot be used"):
            load(tmp_path, **{name: value})


def test_an_empty_variable_is_not_set(tmp_path: Path):
    settings = load(tmp_path, DATABASE_URL="", PRICHAL_S3_PORT="")
    assert (settings.database_url, settings.s3_port) == (None, None)


def test_the_lake_lies_in_the_state_folder_unless_set(tmp_path: Path):
    assert load(tmp_path).lake == tmp_path / "lake"
    assert load(tmp_path, PRICHAL_LAKE="/data/lake").lake == Path("/data/lake")


def test_the_environment_wins_over_the_file_and_an_empty_variable_does_not(tmp_path: Path):
    write_env_file(tmp_path / "env", {"MLFLOW_TRACKING_URI": "http://file", "PRICHAL_S3_BUCKET": "file"}, [tmp_path])
    settings = load(tmp_path, MLFLOW_TRACKING_URI="http://shell", PRICHAL_S3_BUCKET="")
    assert (settings.tracking_uri, settings.s3_bucket) == ("http://shell", "file")


@pytest.mark.parametrize(("need", "name"), [("database", "DATABASE_URL"), ("tracking", "MLFLOW_TRACKING_URI")])
def test_a_missing_service_is_an_error_with_its_variable(need: str, name: str, tmp_path: Path):
    with pytest.raises(SettingError, match=f"^{name} is not set: run `make up`") as caught:
        getattr(load(tmp_path), f"require_{need}")()
    assert is_one_sentence(caught.value)


def test_the_password_is_handed_over_where_it_is_needed(tmp_path: Path):
    url = f"postgresql://writer:{SECRET}@db/mart"
    assert load(tmp_path, DATABASE_URL=url).require_database() == url


def test_secrets_do_not_show_where_settings_are_printed(tmp_path: Path):
    url = f"postgresql://writer:{SECRET}@db/mart"
    settings = load(tmp_path, DATABASE_URL=url, AWS_SECRET_ACCESS_KEY=SECRET)
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"PRICHAL_S3_PORT": "x"}, id="a bad value beside them"),
        pytest.param({"PRICHAL_TYPO": "x"}, id="an unknown variable beside them"),
        pytest.param({f"PRICHAL_{SECRET}": SECRET}, id="an unknown variable's value"),
    ],
)
def test_secrets_do_not_show_in_the_sentence_about_another_setting(wrong: dict[str, str], tmp_path: Path):
    url = f"postgresql://writer:{SECRET}@db/mart"
    with pytest.raises(SettingError) as caught:
        load(tmp_path, DATABASE_URL=url, AWS_SECRET_ACCESS_KEY=SECRET, **wrong)
    assert f":{SECRET}" not in str(caught.value)
    assert f"={SECRET}" not in str(caught.value)


#: line breaks are a case of their own, below.
plain = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=40)


@given(values=st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9_]{0,9}", fullmatch=True), plain, max_size=4))
def test_the_env_file_says_what_was_written(values: dict[str, str], tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.getbasetemp() / "env_round_trip"
    write_env_file(path, values, [Path("/opt/bin")])
    read = read_env_file(path)
    assert {name: read[name] for name in values} == values


ODD = {
    "a space": "two words",
    "quotes": """it's "quoted" \\ twice""",
    "what a shell expands": "$HOME `id` $(id) ${X} ~ * !!",
    "what a shell ends on": "a;b&c|d#e",
    "an equals sign": "key=value=",
    "another alphabet": "причал",
    "a line break": "two\nlines",
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_a_shell_that_sources_the_env_file_gets_the_same_value(value: str, tmp_path: Path):
    write_env_file(tmp_path / "env", {"ODD": value}, [tmp_path])
    assert source_env_file(tmp_path / "env", "ODD") == value == read_env_file(tmp_path / "env")["ODD"]


def test_an_unreadable_env_file_is_an_error_with_its_path(tmp_path: Path):
    (tmp_path / "env").write_text("export DATABASE_URL='postgresql://u@h/db\n")
    with pytest.raises(SettingError, match=str(tmp_path / "env")) as caught:
        load(tmp_path)
    assert is_one_sentence(caught.value)


def test_only_the_owner_can_read_the_env_file(tmp_path: Path):
    write_env_file(tmp_path / "env", {"DATABASE_URL": SECRET}, [tmp_path])
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600


def test_sourcing_puts_our_programs_first_and_the_others_last(tmp_path: Path):
    write_env_file(tmp_path / "env", {}, [Path("/ours first"), Path("/ours last")])
    script = f'PATH=/theirs; . "{tmp_path}/env"; echo "$PATH"'
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True, text=True)
    assert done.stdout == "/ours first:/theirs:/ours last\n"


def test_a_switch_is_on_or_off(tmp_path: Path):
    assert load(tmp_path).mlflow_auth == "off"
    assert load(tmp_path, PRICHAL_MLFLOW_AUTH="on").mlflow_auth == "on"
    with pytest.raises(SettingError, match=r"^PRICHAL_MLFLOW_AUTH='yes' cannot be used"):
        load(tmp_path, PRICHAL_MLFLOW_AUTH="yes")


def test_no_secret_of_the_settings_is_shown(tmp_path: Path):
    names = [VARIABLES[field] for field in VARIABLES if Settings.is_secret(field)]
    assert names == [
        "DATABASE_URL",
        "PRICHAL_OWNER_DATABASE_URL",
        "MLFLOW_TRACKING_PASSWORD",
        "PRICHAL_DECISIONS_URL",
        "PRICHAL_DECISIONS_KEY",
        "PRICHAL_ALTCRAFT_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "PRICHAL_DASHBOARDS_DATABASE_URL",
        "PRICHAL_DASHBOARDS_KEY",
    ]
    settings = load(tmp_path, **dict.fromkeys(names, SECRET))
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_who_signs_in_to_mlflow_is_who_acts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME", raising=False)
    assert user() == getpass.getuser()
    assert reviewer("anybody at all") == "anybody at all"
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "rita")
    assert user() == reviewer("rita") == "rita"
    with pytest.raises(SettingError, match="name 'anna' is not your MLflow account 'rita'") as caught:
        reviewer("anna")
    assert is_one_sentence(caught.value)


def test_java_is_started_without_secrets_and_the_process_has_them_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "secret")
    monkeypatch.setenv("SPARK_CONF_DIR", "conf")
    before = dict(os.environ)
    with without_secrets():
        assert ("DATABASE_URL" in os.environ, os.environ["SPARK_CONF_DIR"]) == (False, "conf")
        os.environ["SPARK_ENV_LOADED"] = "1"
    assert {**os.environ} == {**before, "SPARK_ENV_LOADED": "1"}
    del os.environ["SPARK_ENV_LOADED"]
