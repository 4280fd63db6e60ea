"""MLproject is a table of contents: it says what the jobs themselves say."""

import ast
import re
import shlex
import sys
from typing import Any

import pytest
import yaml
from mlflow.projects._project_spec import EntryPoint

from jobs.runtime.command import PARAMETERS, _read_parameters
from stack.settings import ROOT

ENTRIES: dict[str, Any] = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]


def _run_call(module: str) -> ast.Call | None:
    """The call `run(name, act, defaults)` at the end of a job."""
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return next((call for call in calls if call.func.id == "run" and len(call.args) == 3), None)  # type: ignore[attr-defined]


def _module(entry: str) -> str:
    found = re.match(r"python -m (jobs\.\w+) ", ENTRIES[entry]["command"])
    assert found, f"{entry} does not start a job"
    return found.group(1)


every_entry = pytest.mark.parametrize("entry", ENTRIES)


@every_entry
def test_an_entry_point_starts_a_job_of_its_own_name(entry: str):
    call = _run_call(_module(entry))
    assert call is not None
    assert ast.literal_eval(call.args[0]) == entry


@every_entry
def test_an_entry_point_has_the_parameters_and_defaults_of_its_job(entry: str):
    call = _run_call(_module(entry))
    assert call is not None
    declared = {name: one["default"] for name, one in ENTRIES[entry]["parameters"].items()}
    assert declared == ast.literal_eval(call.args[2])


@every_entry
def test_an_entry_point_hands_over_every_parameter_under_its_name(entry: str):
    handed = dict(re.findall(r"--([\w-]+)=\{(\w+)\}", ENTRIES[entry]["command"]))
    assert {option.replace("-", "_"): name for option, name in handed.items()} == {
        name: name for name in ENTRIES[entry]["parameters"]
    }
    assert set(handed.values()) <= set(PARAMETERS)


@every_entry
@pytest.mark.parametrize(
    "value",
    ["-looks wrong", "--reason", "-", "--", "it's Ann's", 'say "no"', "", " ", "a=b", "two\nlines", "$(id) `id`; *"],
)
def test_a_value_reaches_the_job_as_it_was_given(entry: str, value: str, monkeypatch: pytest.MonkeyPatch):
    """MLflow itself writes the command line, and the job's own parser reads it."""
    defaults = {name: parameter["default"] for name, parameter in ENTRIES[entry]["parameters"].items()}
    point = EntryPoint(entry, ENTRIES[entry]["parameters"], ENTRIES[entry]["command"])
    for values in ({}, dict.fromkeys(defaults, value)):
        _, _, _, *arguments = shlex.split(point.compute_command(values, None))
        monkeypatch.setattr(sys, "argv", [entry, *arguments])
        assert _read_parameters(entry, None, defaults) == {**defaults, **values}
