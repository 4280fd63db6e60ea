"""Exports are simulated once for each set of parameters, unless their truth was replaced since."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from jobs.runtime.context import Context
from jobs.runtime.exports import ensure_exports
from projects import load_project
from projects.simulation import (
    PARAMETERS_FILE,
    SimulationError,
    SimulationParameters,
    existing_rows,
    simulate_exports,
)
from stack.settings import Settings
from tests.unit.builders import is_one_sentence

ORIGIN: dict[str, Any] = {"project": "churn", "users": 50, "months": 3, "seed": 1, "code": "abc"}


def simulated(folder: Path, **changes: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / PARAMETERS_FILE).write_text(json.dumps({**ORIGIN, **changes, "rows": {"payments.csv.gz": 7}}))
    return folder


def test_existing_exports_with_their_truth_are_not_simulated_again(tmp_path: Path):
    rows = existing_rows(simulated(tmp_path / "raw"), simulated(tmp_path / "truth"), ORIGIN)
    assert rows == {"payments.csv.gz": 7}


@pytest.mark.parametrize(("raw", "truth"), [({"seed": 2}, {"seed": 2}), ({}, {"seed": 2}), ({"seed": 2}, {})])
def test_other_parameters_or_another_truth_simulate_again(raw: dict[str, int], truth: dict[str, int], tmp_path: Path):
    folders = simulated(tmp_path / "raw", **raw), simulated(tmp_path / "truth", **truth)
    assert existing_rows(*folders, ORIGIN) is None


def test_a_missing_truth_simulates_again(tmp_path: Path):
    assert existing_rows(simulated(tmp_path / "raw"), tmp_path / "truth", ORIGIN) is None


def test_exports_of_a_business_are_not_replaced(tmp_path: Path):
    (tmp_path / "payments.csv").write_text("their own")
    with pytest.raises(SimulationError, match="holds exports that no simulation wrote") as caught:
        existing_rows(tmp_path, tmp_path / "truth", ORIGIN)
    assert is_one_sentence(caught.value)


def test_existing_exports_are_used_without_a_simulation(tmp_path: Path):
    context = Context(Settings(state=tmp_path, lake=tmp_path / "lake"), load_project("churn"))
    context.sampled.mkdir(parents=True)
    (context.sampled / "payments.csv").write_text("their own")
    ensure_exports(context)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["payments.csv"]


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (("49", "18", "1"), "users '49' is not allowed: give a whole number from 50 to 5000000."),
        (("50", "61", "1"), "months '61' is not allowed: give a whole number from 3 to 60."),
        (("50", "18", "one"), "seed 'one' is not allowed: give a whole number from 0 to 2147483648."),
    ],
)
def test_a_parameter_out_of_range_is_one_sentence(parameters: tuple[str, str, str], sentence: str):
    with pytest.raises(SimulationError) as caught:
        SimulationParameters.parse(*parameters)
    assert str(caught.value) == sentence


def test_the_defaults_are_those_of_the_entry_point():
    from jobs.sample import sample

    assert sample.__defaults__ is not None
    assert SimulationParameters.parse(*sample.__defaults__[:3]) == SimulationParameters()
    assert asdict(SimulationParameters()) == {"users": 20_000, "months": 18, "seed": 1}


def test_a_project_without_a_simulator_is_one_sentence(tmp_path: Path):
    project, folders = load_project("cdnow"), (tmp_path / "raw", tmp_path / "truth")
    with pytest.raises(SimulationError, match="Project cdnow has no simulator") as caught:
        simulate_exports(project, *folders, SimulationParameters(), print)
    assert is_one_sentence(caught.value)
