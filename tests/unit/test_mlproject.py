"""MLproject repeats what the signatures of the entry points declare."""

import importlib
import shlex
import sys
from collections.abc import Callable
from typing import Annotated, Any

import pytest
import yaml
from mlflow.projects._project_spec import EntryPoint

from jobs.runtime.command import read_parameters
from jobs.runtime.parameters import command_line, parameters_of
from stack.settings import ROOT

ENTRY_POINTS: dict[str, Any] = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]
#: files of jobs/ that `make` starts, and MLflow does not.
OTHER_COMMANDS = {"data_dictionary"}

every_entry_point = pytest.mark.parametrize("name", ENTRY_POINTS)


def entry_point(name: str) -> Callable[..., object]:
    """The function of the entry point, which lies in a module of the same name."""
    function: Callable[..., object] = getattr(importlib.import_module(f"jobs.{name}"), name)
    return function


@every_entry_point
def test_an_entry_point_declares_the_parameters_and_defaults_of_its_signature(name: str):
    declared = {parameter: spec["default"] for parameter, spec in ENTRY_POINTS[name]["parameters"].items()}
    assert list(declared.items()) == [(given.name, given.default) for given in parameters_of(entry_point(name))]


@every_entry_point
def test_the_command_passes_every_parameter_under_its_name(name: str):
    assert ENTRY_POINTS[name]["command"] == command_line(entry_point(name))


@every_entry_point
def test_the_job_runs_the_function_of_its_name(name: str):
    assert f"\n    sys.exit(run({name}))\n" in (ROOT / "jobs" / f"{name}.py").read_text()


def test_every_job_is_an_entry_point():
    jobs = {path.stem for path in (ROOT / "jobs").glob("*.py")} - {"__init__"}
    assert jobs == set(ENTRY_POINTS) | OTHER_COMMANDS


@every_entry_point
def test_the_help_shows_each_parameter_with_its_text(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as caught:
        read_parameters(name, None, parameters_of(entry_point(name)))
    assert caught.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    for parameter in parameters_of(entry_point(name)):
        assert parameter.option in shown
        assert parameter.help in shown


def test_a_parameter_without_help_or_without_default_is_an_error():
    def without_help(context: object, population: str = "all") -> None: ...

    def without_default(context: object, population: Annotated[str, "its name"]) -> None: ...

    for function in (without_help, without_default):
        with pytest.raises(TypeError, match="Parameter population needs a text as its default"):
            parameters_of(function)


@every_entry_point
@pytest.mark.parametrize(
    "value",
    ["-looks wrong", "--reason", "-", "--", "it's Ann's", 'say "no"', "", " ", "a=b", "two\nlines", "$(id) `id`; *"],
)
def test_mlflow_passes_a_value_to_the_job_unchanged(name: str, value: str, monkeypatch: pytest.MonkeyPatch):
    """MLflow itself writes the command line, and the job's own parser reads it."""
    parameters = parameters_of(entry_point(name))
    defaults = {parameter.name: parameter.default for parameter in parameters}
    mlflow_entry = EntryPoint(name, ENTRY_POINTS[name]["parameters"], ENTRY_POINTS[name]["command"])
    for values in ({}, dict.fromkeys(defaults, value)):
        _, _, _, *arguments = shlex.split(mlflow_entry.compute_command(values, None))
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        assert read_parameters(name, None, parameters) == {**defaults, **values}
