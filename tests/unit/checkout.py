"""This checkout as the tests of its rules see it: its packages, and a copy in which a rule may be broken."""

import shutil
import sys
from pathlib import Path

from stack.settings import ROOT

BINARIES = Path(sys.executable).parent


def find_packages(root: Path) -> frozenset[str]:
    """Names of the top-level folders that hold Python files, tests excepted."""
    folders = (path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    return frozenset(folder.name for folder in folders if any(folder.rglob("*.py"))) - {"tests"}


PACKAGES = find_packages(ROOT)


def copy_sources(target: Path, *more: str) -> Path:
    """Copy the packages' Python files, `pyproject.toml` and the named files and folders into an empty folder."""

    def is_left_out(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if not (Path(folder, name).is_dir() or name.endswith((".py", ".sql")))} | {
            "__pycache__"
        }

    for package in PACKAGES:
        shutil.copytree(ROOT / package, target / package, ignore=is_left_out)
    for name in ("pyproject.toml", *more):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target
