"""No code of a version is loaded that this repository does not know, however it is brought in."""

import json
import py_compile
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from registry.versions.known_code import (
    LISTED,
    SOURCES,
    code_problem,
    committed_digests,
    known_digests,
)
from registry.versions.version_files import bundle_digest, drop_compiled, files_problem
from stack.settings import ROOT
from tests.unit.versions import CODE, version_folder

FAMILY = "artifacts/bundle/family.py"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return version_folder(tmp_path_factory.mktemp("stored"))


@pytest.fixture
def files(stored: Path, tmp_path: Path) -> Path:
    """A copy to be spoilt."""
    return shutil.copytree(stored, tmp_path / "version")


def test_the_code_of_this_checkout_is_known_without_being_listed(stored: Path):
    assert files_problem(stored) is None
    listed: dict[str, list[str]] = json.loads(LISTED.read_text())
    for name, patterns in SOURCES.items():
        paths = [path for pattern in patterns for path in ROOT.glob(pattern)]
        assert len(known_digests(name) - set(listed[name])) <= len(paths)
    assert {path.name for path in ROOT.glob(SOURCES[FAMILY][0])} == {
        "recency.py", "logistic.py", "catboost.py", "xgboost.py"
    }  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_every_earlier_release_is_listed(name: str):
    missing = committed_digests(name) - known_digests(name)
    assert not missing, (
        f"run `python -m registry.versions.known_code`, or versions made by an earlier {name} cannot be loaded"
    )


def write(name: str, text: str) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    return spoil


def flavor(**changes: Any) -> Callable[[Path], object]:
    """Other words of the MLmodel's flavor; None takes a word away."""

    def spoil(folder: Path) -> None:
        content = yaml.safe_load((folder / "MLmodel").read_text())
        content["flavors"]["python_function"] |= changes
        (folder / "MLmodel").write_text(yaml.safe_dump(content))

    return spoil


def another_flavor(folder: Path) -> None:
    content = yaml.safe_load((folder / "MLmodel").read_text())
    content["flavors"]["sklearn"] = {"pickled_model": "model.pkl"}
    (folder / "MLmodel").write_text(yaml.safe_dump(content))


def split(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:60])


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (write("churn_model.py", CODE.read_text() + "\n"), "its churn_model.py (SHA-256 "),
        (write(FAMILY, "raise RuntimeError('dies at import')"), f"its {FAMILY} (SHA-256 "),
        (write("code/helper.py", ""), "it contains code/helper.py, which is neither data nor code"),
        (write("artifacts/bundle/numpy.pyc", ""), "it contains artifacts/bundle/numpy.pyc"),
        (write("model.pkl", ""), "it contains model.pkl"),
        (write("churn_model.cpython-311-x86_64-linux-gnu.so", ""), "it contains churn_model.cpython"),
        (flavor(loader_module="os"), "(loader os)"),
        (flavor(code="code"), "its MLmodel requires more than"),
        (flavor(python_model="python_model.pkl"), "its MLmodel requires more than"),
        (flavor(model_code_path="elsewhere.py"), "its MLmodel requires more than"),
        (flavor(artifacts={"bundle": {"path": "../bundle"}}), "its MLmodel requires more than"),
        (another_flavor, "its MLmodel requires more than"),
        (lambda folder: (folder / "MLmodel").unlink(), "its MLmodel is missing, damaged, or not of a"),
        (split("MLmodel"), "its MLmodel "),
        (lambda folder: (folder / "churn_model.py").unlink(), "its churn_model.py is missing"),
        (lambda folder: (folder / FAMILY).unlink(), f"its {FAMILY} is missing"),
        (lambda folder: (folder / "artifacts/bundle/model.json").unlink(), "its model.json is missing or damaged"),
        (split("artifacts/bundle/model.json"), "its model.json is missing or damaged"),
    ],
    ids=["other code", "a family that dies", "a helper", "compiled", "a pickle", "a library", "another loader",
         "a code path", "a pickled model", "another code file", "a bundle elsewhere", "another flavor", "no MLmodel",
         "a cut MLmodel", "no code", "no family", "no card", "a cut card"],
)  # fmt: skip
def test_a_version_with_anything_else_is_not_loaded(files: Path, spoil: Callable[[Path], object], expected: str):
    spoil(files)
    result = files_problem(files)
    assert result is not None
    assert expected in result


def test_compiled_files_are_removed_from_the_model(files: Path):
    """MLflow loads a model that it stores, and Python leaves compiled files among it; so an attacker can too."""
    before = bundle_digest(files)
    family = files / FAMILY
    py_compile.compile(str(family), cfile=str(family.parent / "__pycache__" / "family.cpython-311.pyc"))
    assert code_problem(files) is not None
    drop_compiled(files)
    assert (code_problem(files), bundle_digest(files)) == (None, before)
