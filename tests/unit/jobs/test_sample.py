"""Exports are simulated once, unless their truth has been replaced since."""

import json
from pathlib import Path

import pytest

from jobs.runtime.context import Context
from jobs.sample import MADE_BY, SampleError, _made_before, simulated
from projects import load_project
from stack.settings import Settings
from tests.unit.builders import is_one_sentence

MARK = {"project": "churn", "users": 50, "months": 3, "seed": 1, "code": "abc"}


def note(folder: Path, **changes: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / MADE_BY).write_text(json.dumps({**MARK, **changes, "rows": {"payments.csv.gz": 7}}))
    return folder


def test_what_was_made_with_its_truth_is_not_made_again(tmp_path: Path):
    assert _made_before(note(tmp_path / "raw"), note(tmp_path / "truth"), MARK) == {"payments.csv.gz": 7}


@pytest.mark.parametrize(("raw", "truth"), [({"seed": 2}, {"seed": 2}), ({}, {"seed": 2}), ({"seed": 2}, {})])
def test_other_parameters_or_another_truth_make_it_again(raw: dict[str, int], truth: dict[str, int], tmp_path: Path):
    assert _made_before(note(tmp_path / "raw", **raw), note(tmp_path / "truth", **truth), MARK) is None


def test_a_lost_truth_makes_it_again(tmp_path: Path):
    assert _made_before(note(tmp_path / "raw"), tmp_path / "truth", MARK) is None


def test_a_business_s_own_exports_are_left_alone(tmp_path: Path):
    (tmp_path / "payments.csv").write_text("their own")
    with pytest.raises(SampleError, match="holds exports that no simulation wrote") as caught:
        _made_before(tmp_path, tmp_path / "truth", MARK)
    assert is_one_sentence(caught.value)


def test_a_page_of_figures_takes_the_exports_that_are_there(tmp_path: Path):
    context = Context(Settings(state=tmp_path, lake=tmp_path / "lake"), load_project("churn"))
    context.sampled.mkdir(parents=True)
    (context.sampled / "payments.csv").write_text("their own")
    simulated(context)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["payments.csv"]
