"""Versions of a registered model: evidence, files, features and author."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from registry.gate.policy import LATER_BOUNDS, Policy
from registry.ledger.chain import canonical
from registry.versions.version_files import (
    EVIDENCE,
    bundle_digest,
    drop_compiled,
    files_digest,
    files_problem,
    read_card,
)
from stack.errors import ServiceError

#: what a training says its author is; else the account that MLflow saw.
AUTHOR, ACCOUNT = "prichal.author", "mlflow.user"


@dataclass(frozen=True)
class Version:
    """A version of a registered model; a missing value is None.

    Attributes:
        model: registered name.
        number: of the version.
        run_id: the run that trained it.
        author: who ran the training.
        evidence: content of its evidence file.
        evidence_sha256: of that file.
        files_sha256: of the model's files, names and bytes.
        features: columns of its signature.
        params: of its run.
        files_problem: why its files must not be loaded, as a clause; None if they may.
        bundle_sha256: of the fitted model among them, which the evidence names.
        provenance: what its card says of where it comes from.
    """

    model: str
    number: str
    run_id: str | None
    author: str | None
    evidence: Mapping[str, Any] | None
    evidence_sha256: str | None
    files_sha256: str | None
    features: tuple[str, ...] | None
    params: Mapping[str, str] | None
    files_problem: str | None = None
    bundle_sha256: str | None = None
    provenance: Mapping[str, Any] | None = None

    def subject(self) -> dict[str, Any]:
        """Number and digests that a decision depends on."""
        return {name: getattr(self, name) for name in ("number", "evidence_sha256", "files_sha256")}


@dataclass(frozen=True)
class Contenders:
    """The challenger and the version in production, which is None before the first promotion."""

    challenger: Version
    production: Version | None

    def subject(self, policy: Policy) -> dict[str, Any]:
        """Numbers and digests of both versions and of the policy; a decision is valid only for these."""
        return {
            "challenger": self.challenger.subject(),
            "production": self.production.subject() if self.production else None,
            "policy": {"version": policy.version, "sha256": policy_digest(policy)},
        }


def policy_digest(policy: Policy) -> str:
    """SHA-256 of all bounds.

    Bounds that were added later count once a project sets them: else a release that adds a bound would change the
    digest of every policy, and end all open reviews.
    """
    bounds, defaults = policy.model_dump(mode="json"), Policy().model_dump(mode="json")
    unset = {name for name in LATER_BOUNDS if bounds[name] == defaults[name]}
    return hashlib.sha256(
        canonical({name: bound for name, bound in bounds.items() if name not in unset}).encode()
    ).hexdigest()


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Differences of two subjects, as clauses of a sentence; `before` may come from the ledger."""
    differences: list[str] = []
    for role in ("challenger", "production"):
        old, new = before.get(role) or {}, now.get(role) or {}
        if old.get("number") != new.get("number"):
            differences.append(f"{role} is {_called(new)} now and was {_called(old)}")
            continue
        for what, key in (("evidence", "evidence_sha256"), ("files", "files_sha256")):
            if old.get(key) != new.get(key):
                differences.append(f"the {what} of version {new.get('number')} changed")
    if before.get("policy") != now.get("policy"):
        differences.append(_policy_change(before.get("policy") or {}, now.get("policy") or {}))
    return differences


def _policy_change(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The gate refuses other bounds under the same version, so both steps are named at once."""
    if before.get("version") == now.get("version"):
        return "the policy changed under the same version number (raise `version` in the project's policy first)"
    return "the policy changed"


def _called(subject: Mapping[str, Any]) -> str:
    return f"version {subject['number']}" if subject.get("number") else "nothing"


def read_contenders(model: str, challenger: str, production: str | None) -> Contenders:
    """Read both versions."""
    return Contenders(read_version(model, challenger), read_version(model, production) if production else None)


def read_version(model: str, number: str) -> Version:
    """A version; its files are downloaded once, for their digest and signature.

    Raises:
        MlflowException: there is no such version, or MLflow or S3 does not answer.
        ServiceError: the evidence is there and cannot be read.
    """
    client = MlflowClient()
    run_id = client.get_model_version(model, number).run_id or None
    run = client.get_run(run_id).data if run_id else None
    text = _evidence_text(run_id) if run_id else None
    return Version(
        model, number, run_id,
        author=(run.tags.get(AUTHOR) or run.tags.get(ACCOUNT)) if run else None,
        evidence=_mapping(text), evidence_sha256=_sha256(text), params=dict(run.params) if run else None,
        **_files(model, number, run_id),
    )  # fmt: skip


def evidence_sha256(model: str, number: str) -> str | None:
    """Of a version's evidence file as it is now; None if there is none."""
    run_id = MlflowClient().get_model_version(model, number).run_id
    return _sha256(_evidence_text(run_id)) if run_id else None


def _sha256(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def model_evidence(model: str, version: str) -> dict[str, Any]:
    """The evidence file that the run of a version left."""
    run_id = MlflowClient().get_model_version(model, version).run_id
    loaded: dict[str, Any] = json.loads(mlflow.artifacts.load_text(f"runs:/{run_id}/{EVIDENCE}"))
    return loaded


def _files(model: str, number: str, run_id: str | None) -> dict[str, Any]:
    """Fields of `Version` that come from its files; None for files that cannot be read."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        try:
            mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{model}/{number}", dst_path=scratch)
        except (MlflowException, OSError):
            if run_id:
                MlflowClient().list_artifacts(run_id)  # raises if it is the store that does not answer
            # the gate refuses a version whose files it does not know
            return {"files_sha256": None, "features": None}
        sha256 = files_digest(folder)
        drop_compiled(folder)
        provenance = (read_card(folder) or {}).get("provenance")
        return {
            "files_sha256": sha256, "features": _features(folder), "files_problem": files_problem(folder),
            "bundle_sha256": bundle_digest(folder),
            "provenance": provenance if isinstance(provenance, dict) else None,
        }  # fmt: skip


def _features(folder: Path) -> tuple[str, ...] | None:
    try:
        signature = Model.load(str(folder)).signature
    except Exception:  # MLflow raises whatever a missing or cut file leads it to
        return None
    return tuple(signature.inputs.input_names()) if signature and signature.inputs else None


def _evidence_text(run_id: str) -> str | None:
    """None if the run left none; that the store does not answer is another matter and raised.

    A download alone says that there is no such file in both cases.
    """
    client = MlflowClient()
    if EVIDENCE not in {file.path for file in client.list_artifacts(run_id)}:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        try:
            return Path(client.download_artifacts(run_id, EVIDENCE, scratch)).read_text()
        except UnicodeDecodeError:
            return None
        except (MlflowException, OSError):
            raise ServiceError(f"{EVIDENCE} of run {run_id} is there and cannot be read: see what S3 says.") from None


def _mapping(text: str | None) -> dict[str, Any] | None:
    """None for what is no JSON object: the gate then refuses."""
    try:
        loaded = json.loads(text) if text is not None else None
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict) else None
