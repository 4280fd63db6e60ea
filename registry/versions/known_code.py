"""Whose code a version may bring: the files of this checkout, and those of earlier releases by their SHA-256.

`known_code.json` lists the digest of every committed version of these files. When one of them changes,
`python -m registry.versions.known_code` adds the digests that git knows; a unit test says when that is due.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlflow.models import Model

from stack.folders.atomic import replace_text
from stack.settings import ROOT

LISTED = Path(__file__).with_name("known_code.json")
#: code file of a version -> the files of this checkout that are stored as such.
SOURCES = {
    "churn_model.py": ("training/models/churn_model.py",),
    "artifacts/bundle/family.py": ("training/models/families/[!_]*.py",),
}
#: endings of files that are read and never executed; files without an ending are named.
DATA_ENDINGS = {".json", ".yaml", ".txt", ".ubj", ".cbm"}
DATA_NAMES = {"MLmodel", "registered_model_meta"}
#: how MLflow is to load a version: by its stored code, with the bundle, and with nothing else.
LOADER = "mlflow.pyfunc.loaders.code_model"
BUNDLE = {"bundle": "artifacts/bundle"}
FLAVOR_KEYS = {
    "artifacts", "cloudpickle_version", "code", "env", "loader_module", "model_code_path", "python_version",
    "streamable",
}  # fmt: skip


def code_problem(folder: Path) -> str | None:
    """Why the files of a version must not be loaded, as a clause; None if all their code is known.

    Args:
        folder: of the version's files, as MLflow stores them.
    """
    return next(_file_problems(folder), None) or _flavor_problem(folder)


def known_digests(name: str) -> set[str]:
    """SHA-256 of all files that may be stored in a version under this name."""
    listed: dict[str, list[str]] = json.loads(LISTED.read_text())
    return {*listed[name], *(_sha256(path.read_bytes()) for path in _sources(name))}


def _file_problems(folder: Path) -> Iterator[str]:
    """Everything but known code and data; compiled files and libraries too, which Python would load unasked."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name in SOURCES:
            digest = _sha256(path.read_bytes())
            if digest not in known_digests(name):
                yield f"its {name} (SHA-256 {digest[:12]}) is code that this repository does not know"
        elif path.suffix not in DATA_ENDINGS and path.name not in DATA_NAMES:
            yield f"it holds {name}, which is neither data nor code that this repository knows"


def _flavor_problem(folder: Path) -> str | None:
    try:
        flavors: dict[str, Any] = Model.load(str(folder)).flavors
        flavor = flavors["python_function"]
        bundle = {name: each["path"] for name, each in flavor["artifacts"].items()}
    except Exception:  # a missing or cut file leads MLflow, and what it gives, to any error
        return "its MLmodel is missing, damaged, or not of a model that this repository makes"
    as_wanted = (
        set(flavors) == {"python_function"}
        and set(flavor) <= FLAVOR_KEYS
        and flavor.get("loader_module") == LOADER
        and Path(str(flavor.get("model_code_path"))).name == "churn_model.py"
        and flavor.get("code") is None
        and bundle == BUNDLE
    )
    if not as_wanted:
        return f"its MLmodel asks for more than churn_model.py with its bundle (loader {flavor.get('loader_module')})"
    missing = [name for name in SOURCES if not (folder / name).exists()]
    return f"its {missing[0]} is missing" if missing else None


def _sources(name: str) -> list[Path]:
    return sorted(path for pattern in SOURCES[name] for path in ROOT.glob(pattern))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def committed_digests(name: str) -> set[str]:
    """SHA-256 of every version of the files that git knows; none outside a checkout."""
    digests = set()
    for path in _sources(name):
        relative = path.relative_to(ROOT).as_posix()
        commits = _git("log", "--format=%H", "--", relative).decode().split()
        digests |= {_sha256(text) for commit in commits if (text := _git("show", f"{commit}:{relative}"))}
    return digests


def _git(*words: str) -> bytes:
    """Standard output; empty where git fails, as for a commit that removed the file."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False).stdout


def main() -> None:
    """Add what git knows to the list."""
    listed = json.loads(LISTED.read_text()) if LISTED.exists() else {}
    wanted = {name: sorted({*listed.get(name, []), *committed_digests(name)}) for name in SOURCES}
    replace_text(LISTED, json.dumps(wanted, indent=1) + "\n")
    sys.stdout.write(f"{LISTED.name} lists {sum(map(len, wanted.values()))} files\n")


if __name__ == "__main__":
    main()
