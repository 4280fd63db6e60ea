"""A process can die at any step of a move, or lose a service: the next run finds aliases and ledger in agreement."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import mlflow
import psycopg
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from registry import production, productions, verify
from registry.ledger import ledger as ledger_module
from registry.ledger.ledger import LedgerEntry
from registry.release.alias_transitions import execute, reconcile
from tests.end_to_end.conftest import ROOT, Clone
from tests.end_to_end.proposals import (
    aliases,
    aliases_match_ledger,
    ledger_acts,
    move_aliases,
    propose,
    reconcile_models,
    state,
)
from tests.end_to_end.wire import wired

#: every call by which a move changes something.
CALLS: list[tuple[Any, str]] = [
    (MlflowClient, "set_registered_model_alias"), (MlflowClient, "delete_registered_model_alias"),
    (MlflowClient, "set_registered_model_tag"), (ledger_module, "append"),
]  # fmt: skip


class Killed(BaseException):
    """The process ends here: nothing after it runs, and PostgreSQL frees its locks."""


@contextmanager
def killed_after(step: int) -> Iterator[list[str]]:
    """Die when the step-th call is done; yields the calls made so far."""
    built: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in CALLS:
            patch.setattr(owner, name, _counting(getattr(owner, name), name, built, step))
        yield built


def _counting(call: Callable[..., Any], name: str, built: list[str], step: int) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:
        done = call(*args, **kwargs)
        built.append(name)
        if len(built) == step:
            raise Killed
        return done

    return counted


def versions(models: tuple[str, ...], run: str, count: int) -> None:
    for model in models:
        for _ in range(count):
            propose(model, run)


def killed_everywhere(clone: Clone, models: tuple[str, ...], act: str) -> int:
    """Move 1 -> 2 or back, dying one step later each time; how many steps there were."""
    step = 0
    while True:
        step += 1
        replaced = state(clone, models[0]).production
        version = "1" if replaced == "2" else "2"
        with killed_after(step):
            try:
                move_aliases(clone, models, act, version, replaced)
                return step - 1
            except Killed:
                pass
        seen = productions(clone.url, models)
        assert len(set(seen.values())) == 1, "all of a release or none"
        reconcile_models(clone, *models)
        after = productions(clone.url, models)
        assert set(after.values()) == {version}, f"killed after step {step}: what had begun is completed"
        assert all(aliases_match_ledger(clone, model) for model in models)
        assert all(state(clone, model).rows[-1].act == act for model in models)


def test_a_promotion_killed_at_every_step_is_completed(clone: Clone, model: str, sound: str) -> None:
    versions((model,), sound, 2)
    move_aliases(clone, (model,), "promote", "1", None)
    assert killed_everywhere(clone, (model,), "promote") >= 6
    assert not [item for item in verify(clone.url) if model in item]


def test_a_rollback_killed_at_every_step_is_completed(clone: Clone, model: str, sound: str) -> None:
    versions((model,), sound, 2)
    move_aliases(clone, (model,), "promote", "1", None)
    for step in count(1):
        move_aliases(clone, (model,), "promote", "2", "1")
        with killed_after(step) as built:
            try:
                move_aliases(clone, (model,), "rollback", "1", "2")
                break
            except Killed:
                pass
        reconcile_models(clone, model)
        assert aliases(model) == {"production": "1"}, f"killed after step {step}"
        assert aliases_match_ledger(clone, model)
        assert state(clone, model).rows[-1].act == "rollback"
    assert len(built) == step - 1 >= 6, "it was killed after each of its steps"
    assert not [problem for problem in verify(clone.url) if model in problem]


@pytest.mark.slow
def test_a_release_killed_at_every_step_is_completed_as_a_whole(
    clone: Clone, models: tuple[str, str], sound: str
) -> None:
    versions(models, sound, 2)
    move_aliases(clone, models, "promote", "1", None)
    assert killed_everywhere(clone, models, "promote") >= 10


def test_the_other_half_of_a_release_is_completed_with_the_first(
    clone: Clone, models: tuple[str, str], sound: str
) -> None:
    versions(models, sound, 1)
    with killed_after(1), pytest.raises(Killed):
        move_aliases(clone, models, "promote", "1", None)
    reconcile_models(clone, models[1])
    assert [aliases(model) for model in models] == [{"production": "1"}] * 2


def test_a_move_of_a_missing_version_becomes_void(clone: Clone, model: str, sound: str) -> None:
    versions((model,), sound, 2)
    move_aliases(clone, (model,), "promote", "1", None)
    with killed_after(1), pytest.raises(Killed):
        move_aliases(clone, (model,), "promote", "2", "1")
    MlflowClient().delete_model_version(model, "2")
    reconcile_models(clone, model)
    assert ledger_acts(clone, model)[-1] == "void"
    assert aliases_match_ledger(clone, model)
    assert production(clone.url, model) == "1"


KILLED = """
import os, signal, sys
from mlflow import MlflowClient
from registry.ledger.ledger import LedgerEntry
from registry.release.alias_transitions import execute, reconcile

set_alias = MlflowClient.set_registered_model_alias
def killed(self, name, alias, version):
    set_alias(self, name, alias, version)
    os.kill(os.getpid(), signal.SIGKILL)
MlflowClient.set_registered_model_alias = killed
url, *models = sys.argv[1:]
release = {"release": {"id": "r1", "models": models}}
with reconcile(url, models, "killed") as locked_models:
    execute(locked_models, [LedgerEntry("killed", model, "promote", "1", None, "good", release) for model in models])
"""


def test_a_move_killed_by_the_system_frees_its_locks_and_is_completed(
    clone: Clone, models: tuple[str, str], sound: str
) -> None:
    versions(models, sound, 1)
    command = [sys.executable, "-c", KILLED, clone.url, *models]
    done = subprocess.run(command, cwd=ROOT, env=clone.environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [aliases(model) for model in models] == [{"production": "1"}, {}], "it died between the two"
    reconcile_models(clone, models[1])
    for model in models:
        assert aliases_match_ledger(clone, model)
        assert "completed by the next run" in state(clone, model).rows[-1].reason


def test_mlflow_fails_during_a_move(clone: Clone, model: str, sound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    versions((model,), sound, 2)
    move_aliases(clone, (model,), "promote", "1", None)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    direct = mlflow.get_tracking_uri()
    with wired(int(urlsplit(direct).port or 0)) as wire:
        mlflow.set_tracking_uri(f"http://127.0.0.1:{wire.port}")
        monkeypatch.setattr(
            MlflowClient, "set_registered_model_tag", _then(wire.disconnect, MlflowClient.set_registered_model_tag)
        )
        with pytest.raises(MlflowException, match=r"Max retries|Connection"):
            move_aliases(clone, (model,), "promote", "2", "1")
        monkeypatch.undo()
    mlflow.set_tracking_uri(direct)
    assert aliases(model) == {"production": "1"}
    assert production(clone.url, model) == "1"
    reconcile_models(clone, model)
    assert aliases_match_ledger(clone, model)
    assert production(clone.url, model) == "2"


def test_postgresql_fails_during_a_move(clone: Clone, model: str, sound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    versions((model,), sound, 2)
    move_aliases(clone, (model,), "promote", "1", None)
    where = psycopg.conninfo.conninfo_to_dict(clone.url)
    with wired(int(str(where["port"]))) as wire:
        url = clone.url.replace(f":{where['port']}/", f":{wire.port}/")
        monkeypatch.setattr(
            MlflowClient, "set_registered_model_alias", _then(wire.disconnect, MlflowClient.set_registered_model_alias)
        )
        with pytest.raises(psycopg.OperationalError), reconcile(url, [model], "tester") as locked_models:
            execute(locked_models, [LedgerEntry("tester", model, "promote", "2", "1", "good")])
        monkeypatch.undo()
    assert ledger_acts(clone, model)[-1] == "intent"
    assert production(clone.url, model) == "1", "until a move has ended, the version before it scores"
    reconcile_models(clone, model)
    assert aliases_match_ledger(clone, model)
    assert production(clone.url, model) == "2"


def _then(act: Callable[[], None], call: Callable[..., Any]) -> Callable[..., Any]:
    def both(*args: Any) -> Any:
        done = call(*args)
        act()
        return done

    return both
