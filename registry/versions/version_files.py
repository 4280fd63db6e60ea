"""The files of a registered version in a private folder, compared with what was approved before anything loads them."""

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
#: written beside the files by a download, which says where it took them from.
NOT_THE_MODELS = {"registered_model_meta"}


class VersionFilesError(PrichalError):
    """A version's files are missing, damaged, not those that were approved, or code that nobody knows."""


@dataclass(frozen=True)
class VersionFiles:
    """Files of a version that may be loaded.

    Attributes:
        model: registered name.
        version: of the model.
        folder: where they lie, for this user only, without compiled code.
    """

    model: str
    version: str
    folder: Path

    @property
    def called(self) -> str:
        """As a sentence names it."""
        return f"Version {self.version} of {self.model}"

    @property
    def signature(self) -> Any:
        """MLflow's signature of the version."""
        return Model.load(str(self.folder)).signature

    @property
    def loaded_sha256(self) -> str:
        """Digest of `contents`, which is another one than the approved where compiled code was removed."""
        return files_digest(self.folder) or ""

    def contents(self) -> dict[str, bytes]:
        """Relative name -> bytes, to be sent to another machine."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file() and path.name not in NOT_THE_MODELS)
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}


@contextmanager
def verified_files(model: str, version: str, expected_sha256: str | None) -> Iterator[VersionFiles]:
    """Download a version once and see that its files may be loaded; they are gone when the context ends.

    Args:
        model: registered name.
        version: of the model.
        expected_sha256: of the files that were approved; None where the ledger is older than such digests.

    Raises:
        VersionFilesError: the files cannot be had, are not those, or are not known code and whole data.
    """
    with tempfile.TemporaryDirectory(prefix="prichal-version-") as scratch:
        folder = Path(scratch)
        called = f"version {version} of {model}"  # within a sentence
        try:
            mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{model}/{version}", dst_path=scratch)
        except (MlflowException, OSError) as error:
            raise VersionFilesError(
                f"The files of {called} cannot be downloaded ({type(error).__name__}): nothing was scored; see that "
                "MLflow and S3 have them, or roll back."
            ) from None
        sha256 = files_digest(folder)
        if sha256 is None:
            raise VersionFilesError(f"The files of {called} are gone: nothing was scored; roll back, or train again.")
        if expected_sha256 is not None and sha256 != expected_sha256:
            raise VersionFilesError(changed_sentence(called, expected_sha256, sha256))
        drop_compiled(folder)
        problem = files_problem(folder)
        if problem is not None:
            raise VersionFilesError(
                f"V{called[1:]} was not loaded, for {problem}: nothing was scored; roll back, or train again."
            )
        yield VersionFiles(model, version, folder)


def files_digest(folder: Path) -> str | None:
    """SHA-256 over the files of a version, their relative names and bytes; None if there is no file."""
    return folder_sha256(folder, without=NOT_THE_MODELS)


def bundle_digest(folder: Path) -> str | None:
    """The same over its bundle, without the evidence, which names this digest, and once `drop_compiled` was called."""
    return folder_sha256(folder / BUNDLE, without=[EVIDENCE])


def drop_compiled(folder: Path) -> None:
    """Remove what Python compiled while the version was made: it would be run in the place of the known code."""
    for compiled in [path for path in folder.rglob("__pycache__") if path.is_dir()]:
        shutil.rmtree(compiled, ignore_errors=True)  # one may lie in another; what stays is refused


def files_problem(folder: Path) -> str | None:
    """Why files must not be loaded, as a clause; None if their code is known and their card can be read."""
    problem = code_problem(folder)
    if problem is None and read_card(folder) is None:
        problem = f"its {CARD} is missing or damaged"
    return problem


def read_card(folder: Path) -> Mapping[str, Any] | None:
    """Content of the version's `model.json`; None if it is missing or damaged."""
    try:
        card = json.loads((folder / BUNDLE / CARD).read_text())
    except (OSError, ValueError):
        return None
    return card if isinstance(card, dict) else None


def changed_sentence(called: str, expected_sha256: str, sha256: str | None) -> str:
    """What a person is told of files that are not those that were approved."""
    current = f"{sha256[:12]}" if sha256 else "nothing"
    return (
        f"The files of {called} were changed after they were approved (SHA-256 {expected_sha256[:12]} then, {current} "
        "now): none of them was loaded; put back the approved files, roll back, or train and promote again."
    )
