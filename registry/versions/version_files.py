"""Download the files of a registered version and compare them with the approved ones before they are loaded."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from registry.versions.known_code import code_problem
from stack.errors import PrichalError
from stack.folders.digest import folder_sha256

BUNDLE, CARD, EVIDENCE = "artifacts/bundle", "model.json", "evidence.json"
#: written by MLflow beside downloaded files; it is not part of the version.
DOWNLOAD_FILES = {"registered_model_meta"}
#: advice for files that cannot be used.
REPLACE = "run `-e rollback`, or `-e train`, then `-e promote`"
RESTORE = f"none of them was loaded; restore the approved files, {REPLACE}"


class VersionFilesError(PrichalError):
    """The files of a version are missing, damaged, not the approved ones, or unknown code.

    Attributes:
        problem: what is wrong with the files, a sentence without a full stop.
    """

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(f"{problem}: {advice}.")
        self.problem = problem


@dataclass(frozen=True)
class VersionFiles:
    """Files of a version that may be loaded.

    Attributes:
        model: registered name.
        version: of the model.
        folder: private folder of the files, without compiled code.
    """

    model: str
    version: str
    folder: Path

    @property
    def name(self) -> str:
        """Name at the beginning of a sentence."""
        return f"Version {self.version} of {self.model}"

    @property
    def signature(self) -> Any:
        """MLflow's signature of the version."""
        return Model.load(str(self.folder)).signature

    @property
    def loaded_sha256(self) -> str:
        """Digest of `contents`; it differs from the approved digest if compiled code was removed."""
        return files_digest(self.folder) or ""

    def contents(self) -> dict[str, bytes]:
        """Relative name -> bytes, to send to another machine."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file() and path.name not in DOWNLOAD_FILES)
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}


@contextmanager
def verified_files(model: str, version: str, expected_sha256: str | None) -> Iterator[VersionFiles]:
    """Download a version and verify its files; they are deleted when the context ends.

    Args:
        model: registered name.
        version: of the model.
        expected_sha256: of the approved files; None if the ledger is older than such digests.

    Raises:
        VersionFilesError: the files cannot be downloaded, differ from the approved ones, are damaged or unknown code.
    """
    with tempfile.TemporaryDirectory(prefix="prichal-version-") as scratch:
        folder = Path(scratch)
        name = f"version {version} of {model}"
        try:
            mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{model}/{version}", dst_path=scratch)
        except (MlflowException, OSError) as error:
            raise VersionFilesError(
                f"The files of {name} cannot be downloaded ({type(error).__name__})",
                f"check that MLflow and S3 answer and have them, or {REPLACE}",
            ) from None
        sha256 = files_digest(folder)
        if sha256 is None:
            raise VersionFilesError(f"The files of {name} are missing", f"nothing was loaded; {REPLACE}")
        if expected_sha256 is not None and sha256 != expected_sha256:
            raise VersionFilesError(describe_change(name, expected_sha256, sha256), RESTORE)
        drop_compiled(folder)
        problem = files_problem(folder)
        if problem is not None:
            raise VersionFilesError(f"V{name[1:]} was not loaded because {problem}", REPLACE)
        yield VersionFiles(model, version, folder)


def files_digest(folder: Path) -> str | None:
    """SHA-256 of the names and bytes of a version's files; None if there is no file."""
    return folder_sha256(folder, without=DOWNLOAD_FILES)


def bundle_digest(folder: Path) -> str | None:
    """SHA-256 of the version's bundle without its evidence, which contains this digest; call `drop_compiled` first."""
    return folder_sha256(folder / BUNDLE, without=[EVIDENCE])


def drop_compiled(folder: Path) -> None:
    """Remove compiled Python files: Python would run them instead of the known code."""
    for compiled in [path for path in folder.rglob("__pycache__") if path.is_dir()]:
        shutil.rmtree(compiled, ignore_errors=True)  # folders may be nested; remaining files are refused


def files_problem(folder: Path) -> str | None:
    """Clause that says why files must not be loaded; None if code and model card are sound."""
    problem = code_problem(folder)
    if problem is None and read_card(folder) is None:
        problem = f"its {CARD} is missing or damaged"
    return problem


def read_card(folder: Path) -> Mapping[str, Any] | None:
    """Content of the version's model card, `model.json`; None if it is missing or damaged."""
    try:
        card = json.loads((folder / BUNDLE / CARD).read_text())
    except (OSError, ValueError):
        return None
    return card if isinstance(card, dict) else None


def describe_change(name: str, expected_sha256: str, sha256: str | None) -> str:
    """Sentence, without a full stop, about files that differ from the approved ones."""
    current = f"{sha256[:12]}" if sha256 else "none"
    return f"The files of {name} were changed after their approval (SHA-256 {expected_sha256[:12]} then, {current} now)"
