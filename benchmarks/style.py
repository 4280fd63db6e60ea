"""`python -m benchmarks.style [FOLDER ...]`: sizes, banned names and examples of the modules of a checkout."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from stack.settings import ROOT
from tests.naming_check import defined_names, is_banned

NOT_OURS = {"tests", "benchmarks", "node_modules"}


def main(folders: list[Path] | None = None) -> None:
    """Print one column of figures for each folder."""
    tables = [measure_style(folder) for folder in folders or [ROOT]]
    for name in tables[0]:
        print(f"{name:46}" + "".join(f"{table[name]:>12}" for table in tables))


def measure_style(root: Path) -> dict[str, str]:
    """Figures of all modules of a checkout but those of tests and benchmarks."""
    paths = [path for path in sorted(root.rglob("*.py")) if _is_ours(path.relative_to(root))]
    texts = [path.read_text() for path in paths]
    trees = [ast.parse(text) for text in texts]
    lines = [len(text.splitlines()) for text in texts]
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    bodies = [_body_lines(function) for function in functions]
    docstrings = [text for tree in trees for text in _docstrings(tree)]
    parents = [path.parent for path in paths if not path.stem.startswith("__")]
    return {
        "modules": str(len(paths)),
        "lines of a module: median, largest": f"{median(lines):.0f}, {max(lines)}",
        "modules in a folder: largest (jobs aside)": str(max(map(parents.count, _without(parents, root / "jobs")))),
        "functions": str(len(functions)),
        "lines of a function: median, 90%, largest": (
            f"{median(bodies):.0f}, {quantiles(bodies, n=10)[-1]:.0f}, {max(bodies)}"
        ),
        "parameters of a function: 90%, largest": _spread([_parameters(function) for function in functions]),
        "definitions with a banned name": str(
            sum(is_banned(name) for tree in trees for _, name in defined_names(tree))
        ),
        "modules with a banned name": str(sum(is_banned(path.stem) for path in paths)),
        "public docstrings": str(len(docstrings)),
        "docstrings with an example that runs": str(sum(">>>" in text for text in docstrings)),
    }


def _is_ours(place: Path) -> bool:
    return not (NOT_OURS & set(place.parts)) and not any(part.startswith(".") for part in place.parts)


def _without(parents: list[Path], folder: Path) -> list[Path]:
    return [parent for parent in parents if parent != folder]


def _spread(numbers: list[int]) -> str:
    return f"{quantiles(numbers, n=10)[-1]:.0f}, {max(numbers)}"


def _parameters(function: ast.FunctionDef) -> int:
    arguments = function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def _body_lines(function: ast.FunctionDef) -> int:
    """Lines of the body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _docstrings(tree: ast.Module) -> Iterator[str]:
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for node in (tree, *(node for node in nodes if not node.name.startswith("_"))):
        text = ast.get_docstring(node)
        if text:
            yield text


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
