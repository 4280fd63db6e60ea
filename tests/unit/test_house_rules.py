"""Rules of the whole tree that a linter does not know."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.settings import ROOT

ROOMS = ("migrations", "stack", "lake", "features", "training", "registry", "serving", "monitoring", "projects", "jobs")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
#: stored with every model version and run without this project.
STORED = [
    ROOT / "training" / "models" / "churn_model.py",
    *sorted((ROOT / "training" / "models" / "families").glob("[a-z]*.py")),
]

LONGEST_FUNCTION = 60
LONGEST_MODULE = 350


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _reads_environment(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = f"{node.value.id}.{node.attr}"
            if found in {"os.environ", "os.environb", "os.getenv", "os.putenv"} or node.value.id == "getpass":
                yield f"line {node.lineno}: {found}"
        if isinstance(node, ast.ImportFrom) and node.module in {"os", "getpass"}:
            names = {alias.name for alias in node.names} & {"environ", "environb", "getenv", "putenv", "getuser"}
            yield from (f"line {node.lineno}: from {node.module} import {name}" for name in sorted(names))


def _imports(tree: ast.Module) -> set[str]:
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def test_the_tree_that_is_looked_at_is_the_whole_one():
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
