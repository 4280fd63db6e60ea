"""Rules of the whole tree that a linter does not know."""

import ast
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from stack.settings import ROOT
from tests.unit.checkout import BINARIES, PACKAGES

ROOMS = tuple(sorted(PACKAGES - {"benchmarks"}))
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
#: stored with every model version and run without this project.
STORED = [
    ROOT / "training" / "models" / "churn_model.py",
    ROOT / "actions" / "uplift" / "uplift_model.py",
    *sorted((ROOT / "training" / "models" / "families").glob("[a-z]*.py")),
]

LONGEST_FUNCTION = 60
LONGEST_MODULE = 350
#: more files side by side are not overseen; `jobs` is a list of entry points.
MOST_MODULES = 16


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _reads_environment(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            attribute = f"{node.value.id}.{node.attr}"
            if attribute in {"os.environ", "os.environb", "os.getenv", "os.putenv"} or node.value.id == "getpass":
                yield f"line {node.lineno}: {attribute}"
        if isinstance(node, ast.ImportFrom) and node.module in {"os", "getpass"}:
            names = {alias.name for alias in node.names} & {"environ", "environb", "getenv", "putenv", "getuser"}
            yield from (f"line {node.lineno}: from {node.module} import {name}" for name in sorted(names))


def _imports(tree: ast.Module) -> set[str]:
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def test_the_rules_cover_every_package():
    assert set(ROOMS) >= {
        "stack",
        "lake",
        "features",
        "training",
        "registry",
        "serving",
        "actions",
        "monitoring",
        "projects",
        "jobs",
    }
    assert {_room(path) for path in FILES} == set(ROOMS)
    assert {path.name for path in STORED} >= {"churn_model.py", "logistic.py", "catboost.py"}


@pytest.mark.parametrize(
    "code",
    ["import os\nx = os.environ['A']", "from os import getenv", "import os\nos.getenv('A')", "import getpass\n"
     "getpass.getuser()", "def f():\n    from os import environ as e"],
)  # fmt: skip
def test_a_reader_of_the_environment_is_recognised(code: str):
    assert list(_reads_environment(ast.parse(code)))


def test_only_stack_reads_the_environment():
    offenders = {_name(path): list(_reads_environment(_tree(path))) for path in FILES if _room(path) != "stack"}
    assert {name: places for name, places in offenders.items() if places} == {}


def test_what_is_stored_with_a_model_imports_nothing_of_this_project():
    offenders = {_name(path): _imports(_tree(path)) & set(ROOMS) for path in STORED}
    assert {name: rooms for name, rooms in offenders.items() if rooms} == {}


def test_no_module_and_no_function_is_too_long_to_read():
    functions = {
        f"{_name(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in FILES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    modules = {_name(path): len(path.read_text().splitlines()) for path in FILES}
    assert {name: lines for name, lines in functions.items() if lines > LONGEST_FUNCTION} == {}
    assert {name: lines for name, lines in modules.items() if lines > LONGEST_MODULE} == {}


def test_no_folder_but_jobs_holds_more_than_sixteen_modules():
    sizes = Counter(
        str(path.parent.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name not in {"__init__.py", "__main__.py"}
    )
    assert {folder: count for folder, count in sizes.items() if count > MOST_MODULES and folder != "jobs"} == {}


def test_every_public_module_class_and_function_has_a_docstring():
    """By ruff's rules, whatever pyproject.toml leaves out; magic methods are described by their class."""
    command = [BINARIES / "ruff", "check", "--quiet", "--output-format=concise", "--select=D1", "--ignore=D105,D107"]
    checked = subprocess.run([*command, *sorted(PACKAGES)], cwd=ROOT, text=True, capture_output=True, check=False)
    assert checked.stdout.splitlines() == []
    assert checked.returncode == 0, checked.stderr


def test_import_rules_layers_and_types_cover_every_package():
    importlinter = PYPROJECT["importlinter"]
    layers, *_ = (
        contract["layers"]
        for contract in importlinter["contracts"]
        if "containers" not in contract and contract["type"] == "layers"
    )
    assert set(importlinter["root_packages"]) == PACKAGES
    assert set(layers) == PACKAGES
    assert set(PYPROJECT["mypy"]["files"]) == PACKAGES
    assert set(PYPROJECT["coverage"]["run"]["source"]) == PACKAGES - {"benchmarks"}


def test_only_the_loader_may_be_imported_from_projects():
    (contract,) = (
        each for each in PYPROJECT["importlinter"]["contracts"] if each["name"].startswith("Nothing imports")
    )
    assert set(contract["source_modules"]) == PACKAGES - {"projects"}
    assert contract["forbidden_modules"] == ["projects.*"]
    assert contract["ignore_imports"] == ["** -> projects.project", "** -> projects.simulation"]
