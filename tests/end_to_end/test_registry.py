"""Promotion and rollback on the real registry: fails closed, remembers, and the ledger is right."""

from collections.abc import Callable
from datetime import date
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from registry import Contenders, LedgerMismatchError, NoProductionError, Policy, VersionFilesError, production, promote
from registry.release.promotion import NoChallengerError
from registry.release.rollback import NoPreviousError, NoReasonError
from tests.end_to_end.conftest import Clone
from tests.end_to_end.proposals import (
    POLICY,
    aliases,
    aliases_match_ledger,
    ledger_acts,
    log_run,
    measure,
    promote_one,
    propose,
    put_in_production,
    reconcile_models,
    roll_back,
    sound_evidence,
    state,
)
from tests.unit.builders import is_one_sentence


def test_a_promotion_moves_production_and_previous(clone: Clone, model: str, sound: str) -> None:
    with pytest.raises(NoProductionError, match="no version in production"):
        production(clone.url, model)
    first = propose(model, sound)
    assert promote_one(clone, model).act == "promote"
    assert aliases(model) == {"production": first}
    second = propose(model, sound)
    moved = promote_one(clone, model)
    assert (moved.act, moved.version, moved.replaced) == ("promote", second, first)
    assert aliases(model) == {"production": second, "previous": first}
    assert promote_one(clone, model).act == "keep", "promoting what is in production changes nothing"
    assert ledger_acts(clone, model) == ["intent", "promote"] * 2
    assert production(clone.url, model) == second


def test_the_row_of_a_promotion_has_everything_for_an_audit(clone: Clone, model: str, sound: str) -> None:
    propose(model, sound)
    moved = promote_one(clone, model)
    row = state(clone, model).rows[-1]
    assert moved.contenders is not None
    assert row.decision["subject"] == moved.contenders.subject(POLICY)
    assert row.decision["policy"] == POLICY.model_dump(mode="json")
    assert row.decision["measured"] == measure(moved.contenders)
    assert row.decision["accepted"] is True
    assert list(moved.rows) == [item.id for item in state(clone, model).rows]
    assert (moved.contenders.challenger.author, moved.contenders.challenger.run_id) == ("ann", sound)


def test_a_rollback_restores_previous_once_and_lists_the_dates(clone: Clone, model: str, sound: str) -> None:
    put_in_production(clone, model, sound, 2)
    MlflowClient().delete_registered_model_alias(model, "challenger")
    with pytest.raises(NoReasonError):
        roll_back(clone, model, reason=" ")
    moved = roll_back(clone, model, dates=[date(1998, 7, 2), date(1998, 7, 1)])
    assert (moved.version, moved.replaced, moved.dates) == ("1", "2", [date(1998, 7, 1), date(1998, 7, 2)])
    assert state(clone, model).rows[-1].decision["dates"] == ["1998-07-01", "1998-07-02"]
    assert aliases(model) == {"production": "1"}
    with pytest.raises(NoPreviousError, match="no version to roll back to"):
        roll_back(clone, model, reason="again")
    assert promote_one(clone, model).act == "absent"


def test_a_rollback_to_changed_or_missing_files_moves_nothing(clone: Clone, model: str) -> None:
    first = log_run(sound_evidence())
    for run in (first, log_run(sound_evidence())):
        propose(model, run)
        assert promote_one(clone, model).act == "promote"
    card = "model/artifacts/bundle/model.json"
    MlflowClient().log_text(first, mlflow.artifacts.load_text(f"runs:/{first}/{card}").replace("1.0", "-1.0"), card)
    with pytest.raises(VersionFilesError, match=r"version 1 of .* were changed after .*: nothing was rolled back"):
        roll_back(clone, model)
    get_artifact_repository(f"runs:/{first}").delete_artifacts("model")
    with pytest.raises(VersionFilesError, match=r"The files of version 1 of .*: nothing was rolled back"):
        roll_back(clone, model)
    assert aliases(model) == {"production": "2", "previous": "1"}
    assert ledger_acts(clone, model)[-1] == "promote"


def test_the_gate_does_not_restore_a_withdrawn_version(clone: Clone, model: str, sound: str) -> None:
    put_in_production(clone, model, sound, 2)
    roll_back(clone, model)
    assert "challenger" not in MlflowClient().get_registered_model(model).aliases
    MlflowClient().set_registered_model_alias(model, "challenger", "2")
    moved = promote_one(clone, model)
    assert moved.act == "refuse"
    assert "was rolled back by tester" in moved.reason
    assert promote_one(clone, model, mode="review").act == "review"


def earlier_release() -> dict[str, Any]:
    return {name: value for name, value in sound_evidence().items() if name not in {"run_id", "bundle_sha256"}}


def breaks(contenders: Contenders) -> dict[str, Any]:
    raise OSError("the lake is gone")


@pytest.mark.parametrize(
    ("run", "how", "expected"),
    [
        (lambda: log_run(None), {}, "has no evidence file"),
        (lambda: log_run(sound_evidence(metrics__auc__low=0.699)), {}, "below the minimum of 0.70"),
        (lambda: log_run(sound_evidence(), files=False), {}, "cannot be read"),
        (lambda: log_run(sound_evidence()), {"measure": breaks}, "on the same rows: OSError: the lake is gone."),
        (lambda: log_run(sound_evidence(), is_complete=False), {}, "is of run f00d, but version 2 is of run "),
        (lambda: log_run(earlier_release(), is_complete=False), {}, "of version 2 lacks run_id, bundle_sha256; an"),
    ],
    ids=["no evidence", "below the floor", "no model files", "not measured", "another run's",
         "of an earlier release"],
)  # fmt: skip
def test_a_refusal_keeps_production_and_states_the_reason(
    clone: Clone, model: str, sound: str, run: Callable[[], str], how: dict[str, Any], expected: str
) -> None:
    put_in_production(clone, model, sound, 1)
    propose(model, run())
    moved = promote_one(clone, model, **how)
    assert moved.act == "refuse"
    assert expected in moved.reason
    assert aliases(model) == {"production": "1"}
    assert ledger_acts(clone, model)[2:] == ["refuse"]


def test_bounds_that_change_without_their_version_refuse(clone: Clone, model: str, sound: str) -> None:
    propose(model, sound)
    promote_one(clone, model)
    propose(model, sound)
    for _ in range(2):
        moved = promote(clone.url, [model], POLICY.model_copy(update={"fewest_left": 5}), "tester", measure=measure)[0]
        assert moved.act == "refuse"
        assert "another fewest_left: raise the policy's version" in moved.reason
    raised = Policy(**{**POLICY.model_dump(), "fewest_left": 5, "version": POLICY.version + 1})
    assert promote(clone.url, [model], raised, "tester", measure=measure)[0].act == "promote"


def by_hand(model: str, **moved: str | None) -> None:
    for name, version in moved.items():
        if version is None:
            MlflowClient().delete_registered_model_alias(model, name)
        else:
            MlflowClient().set_registered_model_alias(model, name, version)


def test_a_manually_moved_alias_is_restored_and_recorded(clone: Clone, model: str, sound: str) -> None:
    put_in_production(clone, model, sound, 2)
    propose(model, sound)
    hands: list[tuple[dict[str, str | None], str]] = [
        ({"production": "1"}, "production was at version 1, but the ledger records version 2"),
        ({"production": "3"}, "production was at version 3, but the ledger records version 2"),
        ({"production": None}, "production was at no version, but the ledger records version 2"),
        ({"previous": "3"}, "previous was at version 3, but the ledger records version 1"),
    ]
    for hand, expected in hands:
        by_hand(model, **hand)
        if "production" in hand:
            with pytest.raises(LedgerMismatchError, match=r"the ledger records version 2.*run `-e promote`"):
                production(clone.url, model)
        reconcile_models(clone, model)
        assert aliases(model) == {"production": "2", "previous": "1"}
        assert state(clone, model).rows[-1].reason.startswith(expected)
    assert ledger_acts(clone, model)[4:] == ["repair"] * 4
    assert production(clone.url, model) == "2"


def test_an_alias_without_rows_in_the_ledger_is_removed(clone: Clone, model: str, sound: str) -> None:
    version = propose(model, sound)
    by_hand(model, production=version)
    with pytest.raises(LedgerMismatchError, match="at version 1, but the ledger records no version"):
        production(clone.url, model)
    assert promote_one(clone, model, measure=breaks).act == "refuse"
    assert aliases(model) == {}
    assert ledger_acts(clone, model) == ["repair", "refuse"]


def test_a_version_in_production_that_mlflow_lost_is_not_in_production(clone: Clone, model: str, sound: str) -> None:
    put_in_production(clone, model, sound, 2)
    MlflowClient().delete_model_version(model, "2")
    with pytest.raises(
        LedgerMismatchError, match=r"no longer has version 2 .*run `-e train`, then `-e promote`"
    ) as caught:
        production(clone.url, model)
    assert is_one_sentence(caught.value)
    reconcile_models(clone, model)
    with pytest.raises(NoProductionError):
        production(clone.url, model)
    propose(model, sound)
    assert promote_one(clone, model).replaced is None
    assert aliases_match_ledger(clone, model)


@pytest.mark.parametrize("same_files", [True, False], ids=["the same files", "other files"])
def test_a_model_that_mlflow_lost_is_trained_and_promoted_again(
    clone: Clone, model: str, sound: str, same_files: bool
) -> None:
    propose(model, sound)
    assert promote_one(clone, model).act == "promote"
    MlflowClient().delete_registered_model(model)
    with pytest.raises(LedgerMismatchError, match=r"no registered model .*run `-e train`, then `-e promote`") as caught:
        production(clone.url, model)
    assert is_one_sentence(caught.value)
    MlflowClient().create_registered_model(model)
    run = log_run(sound_evidence())
    if not same_files:
        MlflowClient().log_text(run, "another training", "model/notes.txt")
    propose(model, run)
    assert promote_one(clone, model).act == ("keep" if same_files else "promote")
    repaired = [row for row in state(clone, model).rows if row.act == "repair"]
    assert [row.version for row in repaired] == ["1" if same_files else None]
    assert production(clone.url, model) == "1"
    assert aliases_match_ledger(clone, model)


@pytest.mark.parametrize("change", ["challenger", "production", "evidence"])
def test_a_change_during_the_evaluation_moves_nothing(clone: Clone, model: str, sound: str, change: str) -> None:
    put_in_production(clone, model, sound, 2 if change == "production" else 1)
    run = log_run(sound_evidence()) if change == "evidence" else sound
    propose(model, run)

    def meanwhile(contenders: Contenders) -> dict[str, Any]:
        if change == "challenger":
            propose(model, sound)
        elif change == "production":
            roll_back(clone, model)
        else:
            MlflowClient().log_dict(run, sound_evidence(metrics__auc__low=0.75), "evidence.json")
        return measure(contenders)

    before = state(clone, model).production
    moved = promote_one(clone, model, measure=meanwhile)
    assert moved.act == "void"
    assert moved.reason.startswith("Nothing was promoted because something changed since the decision: ")
    assert state(clone, model).production == ("1" if change == "production" else before)
    assert aliases_match_ledger(clone, model)


def test_a_release_moves_all_models_under_one_name(clone: Clone, models: tuple[str, str], sound: str) -> None:
    numbers = [propose(model, sound) for model in models]
    done = promote(clone.url, models, POLICY, "tester", measure=measure, release="together")
    assert [(moved.act, moved.version) for moved in done] == [("promote", number) for number in numbers]
    rows = [state(clone, model).rows for model in models]
    assert rows[0][-1].decision["release"] == rows[1][-1].decision["release"]
    assert rows[0][-1].decision["release"]["models"] == list(models)


@pytest.mark.parametrize("trouble", ["refused", "stale", "absent"])
def test_a_release_with_one_refused_model_moves_none(
    clone: Clone, models: tuple[str, str], sound: str, trouble: str
) -> None:
    good, bad = models
    propose(good, sound)
    if trouble == "absent":
        with pytest.raises(NoChallengerError, match="no model of the release was promoted"):
            promote(clone.url, models, POLICY, "tester", measure=measure, release="together")
        assert ledger_acts(clone, good) == []
        return
    propose(bad, log_run(None) if trouble == "refused" else sound)

    def meanwhile(contenders: Contenders) -> dict[str, Any]:
        if trouble == "stale" and contenders.challenger.model == bad:
            propose(bad, sound)
        return measure(contenders)

    done = promote(clone.url, models, POLICY, "tester", measure=meanwhile, release="together")
    assert [moved.act for moved in done] == ["refuse", "void" if trouble == "stale" else "refuse"]
    assert f"released together with version 1 of {bad}" in done[0].reason
    assert aliases(good) == aliases(bad) == {}


def test_models_released_separately_do_not_block_each_other(clone: Clone, models: tuple[str, str], sound: str) -> None:
    propose(models[1], sound)
    done = promote(clone.url, models, POLICY, "tester", measure=measure)
    assert [moved.act for moved in done] == ["absent", "promote"]
