"""Known code: a version may contain only model code of this checkout or of earlier releases, by SHA-256.

`known_code.json` lists the digest of every committed version of these files. When one of them changes,
`python -m registry.versions.known_code` adds the digests of all commits; a unit test fails until then.
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
#: code file of a version -> the files of this checkout that are stored under this name.
SOURCES = {
    "churn_model.py": ("training/models/churn_model.py",),
    "uplift_model.py": ("actions/uplift/uplift_model.py",),
    "artifacts/bundle/family.py": ("training/models/families/[!_]*.py",),
}
#: code file of a kind of model -> the code files that its versions need. A constant effect needs no family.
REQUIRED_FILES = {
    "churn_model.py": ("churn_model.py", "artifacts/bundle/family.py"),
    "uplift_model.py": ("uplift_model.py",),
}
#: suffixes of files that are read and never executed, and names of such files without a suffix.
DATA_SUFFIXES = {".json", ".yaml", ".txt", ".ubj", ".cbm"}
DATA_NAMES = {"MLmodel", "registered_model_meta"}
#: MLflow must load a version by its stored code, with the bundle and nothing else.
LOADER = "mlflow.pyfunc.loaders.code_model"
BUNDLE = {"bundle": "artifacts/bundle"}
FLAVOR_KEYS = {
    "artifacts", "cloudpickle_version", "code", "env", "loader_module", "model_code_path", "python_version",
    "streamable",
}  # fmt: skip


def code_problem(folder: Path) -> str | None:
    """The reason not to load the files of a version, as a clause; None if all their code is known.

    Args:
        folder: the folder of the version's files, as MLflow stores them.
    """
    return next(_file_problems(folder), None) or _flavor_problem(folder)


def known_digests(name: str) -> set[str]:
    """SHA-256 of all files that may be stored in a version under this name."""
    listed: dict[str, list[str]] = json.loads(LISTED.read_text())
    return {*listed.get(name, []), *(_sha256(path.read_bytes()) for path in _sources(name))}


def _file_problems(folder: Path) -> Iterator[str]:
    """Files that are neither known code nor data, such as compiled files and libraries, which Python could load."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name in SOURCES:
            digest = _sha256(path.read_bytes())
            if digest not in known_digests(name):
                yield f"its {name} (SHA-256 {digest[:12]}) is code that this repository does not list"
        elif path.suffix not in DATA_SUFFIXES and path.name not in DATA_NAMES:
            yield f"it contains {name}, which is neither data nor code that this repository lists"


def _flavor_problem(folder: Path) -> str | None:
    try:
        flavors: dict[str, Any] = Model.load(str(folder)).flavors
        flavor = flavors["python_function"]
        bundle = {name: artifact["path"] for name, artifact in flavor["artifacts"].items()}
    except Exception:  # a missing or truncated file makes MLflow raise any error
        return "its MLmodel is missing, damaged, or not of a model that this repository makes"
    code_name = Path(str(flavor.get("model_code_path"))).name
    is_expected = (
        set(flavors) == {"python_function"}
        and set(flavor) <= FLAVOR_KEYS
        and flavor.get("loader_module") == LOADER
        and code_name in REQUIRED_FILES
        and flavor.get("code") is None
        and bundle == BUNDLE
    )
    if not is_expected:
        return f"its MLmodel requires more than known code with its bundle (loader {flavor.get('loader_module')})"
    missing = [name for name in REQUIRED_FILES[code_name] if not (folder / name).exists()]
    return f"its {missing[0]} is missing" if missing else None


def _sources(name: str) -> list[Path]:
    return sorted(path for pattern in SOURCES[name] for path in ROOT.glob(pattern))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def committed_digests(name: str) -> set[str]:
    """SHA-256 of every committed version of the files; empty outside a checkout."""
    digests = set()
    for path in _sources(name):
        relative = path.relative_to(ROOT).as_posix()
        commits = _git("log", "--format=%H", "--", relative).decode().split()
        digests |= {_sha256(text) for commit in commits if (text := _git("show", f"{commit}:{relative}"))}
    return digests


def _git(*words: str) -> bytes:
    """Standard output; empty if git fails, as for a commit that removed the file."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False).stdout


def main() -> None:
    """Add the digests of all commits to the list."""
    listed = json.loads(LISTED.read_text()) if LISTED.exists() else {}
    wanted = {name: sorted({*listed.get(name, []), *committed_digests(name)}) for name in SOURCES}
    replace_text(LISTED, json.dumps(wanted, indent=1) + "\n")
    sys.stdout.write(f"{LISTED.name} lists {sum(map(len, wanted.values()))} files\n")


if __name__ == "__main__":
    main()
