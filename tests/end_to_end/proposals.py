"""Versions made cheaply, without training: what a registry knows of them is real, the model is three coefficients."""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient

from projects import load_project
from registry import Contenders, PromotionOutcome, promote, rollback
from registry.ledger.history import ModelState, replay
from registry.ledger.ledger import LedgerEntry, rows
from registry.release.alias_transitions import execute, reconcile
from registry.versions.version_files import bundle_digest
from stack.postgres import connect
from tests.end_to_end.conftest import Clone
from tests.unit.builders import evidence, measured, measured_first
from tests.unit.versions import version_folder

POLICY = load_project("cdnow").policy
AUTHOR = "ann"


def sound_evidence(**changes: Any) -> dict[str, Any]:
    """Evidence that the gate accepts, with some values replaced."""
    return evidence(family="xgboost", **changes)


#: gone when the tests end.
SCRATCH = tempfile.TemporaryDirectory(prefix="prichal-test-version-")


@cache
def shared_version_files() -> Path:
    """The code of this checkout with a small model, the same for all versions; what no environment is made of goes."""
    folder = version_folder(Path(SCRATCH.name))
    for name in ("conda.yaml", "python_env.yaml", "requirements.txt"):
        (folder / name).unlink()
    return folder


def log_run(content: Mapping[str, Any] | None, files: bool = True, is_complete: bool = True, **tags: str) -> str:
    """A run as a training leaves it: its evidence, which names run and files where it is its own; files; author."""
    with mlflow.start_run(tags={"prichal.author": AUTHOR, **tags}) as run:
        if content is not None:
            named = (
                {"run_id": run.info.run_id, "bundle_sha256": bundle_digest(shared_version_files())}
                if is_complete
                else {}
            )
            mlflow.log_dict({**content, **named}, "evidence.json")
        if files:
            mlflow.log_artifacts(str(shared_version_files()), "model")
    return str(run.info.run_id)


def propose(model: str, run: str) -> str:
    """A new version of a run's model as the challenger."""
    client = MlflowClient()
    version = str(client.create_model_version(model, source=f"runs:/{run}/model", run_id=run).version)
    client.set_registered_model_alias(model, "challenger", version)
    return version


def measure(contenders: Contenders) -> dict[str, Any]:
    """What a sound challenger measures."""
    number, digest = contenders.challenger.number, contenders.challenger.files_sha256
    if contenders.production is None:
        return measured_first(version=number, digest=digest)
    return measured(version=number, digest=digest, versus__version=contenders.production.number,
                    versus__digest=contenders.production.files_sha256)  # fmt: skip


def move_aliases(clone: Clone, models: Sequence[str], act: str, version: str, replaced: str | None) -> None:
    """A move as promotions and rollbacks make it, of what was judged already; of several models, as one release."""
    release = {"release": {"id": "r1", "models": list(models)}} if len(models) > 1 else {}
    with reconcile(clone.url, models, "tester") as locked_models:
        execute(
            locked_models, [LedgerEntry("tester", model, act, version, replaced, "good", release) for model in models]
        )


def put_in_production(clone: Clone, model: str, run: str, count: int) -> None:
    """Versions in production one after the other, not asked about."""
    for _ in range(count):
        move_aliases(clone, [model], "promote", propose(model, run), state(clone, model).production)


def reconcile_models(clone: Clone, *models: str) -> None:
    """What the next run does before all else."""
    with reconcile(clone.url, models, "the next run"):
        pass


def promote_one(clone: Clone, model: str, **how: Any) -> PromotionOutcome:
    return promote(clone.url, [model], POLICY, "tester", **{"measure": measure, **how})[0]


def roll_back(clone: Clone, model: str, reason: str = "odd scores", dates: Sequence[date] = ()) -> PromotionOutcome:
    return rollback(clone.url, model, "tester", reason, lambda version: dates)


def aliases(model: str) -> dict[str, str]:
    """All but the challenger's."""
    versions = MlflowClient().get_registered_model(model).aliases
    return {name: str(version) for name, version in versions.items() if name != "challenger"}


def state(clone: Clone, model: str) -> ModelState:
    with connect(clone.url) as connection:
        return replay(rows(connection, model))


def ledger_acts(clone: Clone, model: str) -> list[str]:
    return [row.act for row in state(clone, model).rows]


def aliases_match_ledger(clone: Clone, model: str) -> bool:
    """Whether nothing is under way, and the aliases are where the ledger says."""
    current = state(clone, model)
    says = {"production": current.production, "previous": current.previous}
    return current.intent is None and aliases(model) == {name: version for name, version in says.items() if version}
