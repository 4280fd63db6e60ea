"""Promotion and rollback on the real registry: fails closed, remembers, cannot be left in doubt."""

from collections.abc import Iterator

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from projects import load_project
from registry import promote, rollback
from registry.promotion import NoChallengerError, NoPreviousError
from tests.end_to_end.conftest import Clone
from tests.unit.builders import evidence

POLICY = load_project("cdnow").policy
GOOD = evidence(model="m", family="xgboost")


def with_auc(low: float) -> dict[str, object]:
    return evidence(model="m", family="xgboost", metrics__auc__low=low)


@pytest.fixture
def model(clone: Clone, request: pytest.FixtureRequest) -> Iterator[str]:
    """A registered model of this test's own, without versions."""
    mlflow.set_tracking_uri(clone.environment["MLFLOW_TRACKING_URI"])
    mlflow.set_experiment("registry tests")
    name = request.node.name[:60]
    MlflowClient().create_registered_model(name)
    yield name
    MlflowClient().delete_registered_model(name)


def propose(model: str, proof: dict[str, object] | None) -> str:
    """Register a version whose run holds this evidence, and make it the challenger."""
    with mlflow.start_run() as run:
        if proof is not None:
            mlflow.log_dict(proof, "evidence.json")
    version = MlflowClient().create_model_version(
        model, source=f"runs:/{run.info.run_id}/model", run_id=run.info.run_id
    )
    MlflowClient().set_registered_model_alias(model, "challenger", version.version)
    return str(version.version)


def alias(model: str, name: str) -> str | None:
    try:
        return str(MlflowClient().get_model_version_by_alias(model, name).version)
    except MlflowException:
        return None


def acts(clone: Clone, model: str) -> list[object]:
    return [row[0] for row in clone.rows("select act from ops.promotions where model_name = %s order by id", model)]


def test_production_moves_and_previous_remembers(clone: Clone, model: str) -> None:
    first = propose(model, GOOD)
    assert promote(clone.url, model, POLICY, "tester").act == "promote"
    assert (alias(model, "production"), alias(model, "previous")) == (first, None)
    second = propose(model, GOOD)
    moved = promote(clone.url, model, POLICY, "tester")
    assert (moved.act, moved.version, moved.replaced) == ("promote", second, first)
    assert (alias(model, "production"), alias(model, "previous")) == (second, first)
    assert promote(clone.url, model, POLICY, "tester").act == "keep", "promoting what is in production changes nothing"
    assert acts(clone, model) == ["promote", "promote"]


def test_rollback_brings_previous_back_once(clone: Clone, model: str) -> None:
    first, _ = propose(model, GOOD), promote(clone.url, model, POLICY, "tester")
    second, _ = propose(model, GOOD), promote(clone.url, model, POLICY, "tester")
    moved = rollback(clone.url, model, "tester", "scores looked odd")
    assert (moved.version, moved.replaced) == (first, second)
    assert (alias(model, "production"), alias(model, "previous"), alias(model, "challenger")) == (first, None, None)
    with pytest.raises(NoPreviousError, match="no version to roll back to"):
        rollback(clone.url, model, "tester", "again")
    assert alias(model, "production") == first
    with pytest.raises(NoChallengerError):
        promote(clone.url, model, POLICY, "tester")


@pytest.mark.parametrize(
    ("proof", "said"),
    [
        (None, "left no evidence file"),
        ({**GOOD, "metrics": {}}, "metrics.auc"),
        ({**GOOD, "leaks": GOOD["leaks"][1:]}, "label_windows was not asked"),
        (with_auc(low=0.699), "does not reach 0.70"),
        (with_auc(low=float("nan")), "not a finite"),
        ({**GOOD, "baselines": {"recency": GOOD["baselines"]["recency"]}}, "no comparison with the baseline logistic"),
    ],
    ids=["no file", "no metrics", "a check for leaks missing", "below the floor", "not a number", "no baseline"],
)  # fmt: skip
def test_a_refusal_leaves_production_and_says_why(
    clone: Clone, model: str, proof: dict[str, object] | None, said: str
) -> None:
    first, _ = propose(model, GOOD), promote(clone.url, model, POLICY, "tester")
    propose(model, proof)
    moved = promote(clone.url, model, POLICY, "tester")
    assert moved.act == "refuse"
    assert moved.decision is not None
    assert said in " ".join(moved.decision.reasons)
    assert (alias(model, "production"), alias(model, "previous")) == (first, None)
    assert acts(clone, model) == ["promote", "refuse"]


def test_a_move_whose_ledger_row_was_lost_is_found_and_written(clone: Clone, model: str) -> None:
    """As after a kill between the registry's call and the ledger's row."""
    propose(model, GOOD)
    promote(clone.url, model, POLICY, "tester")
    second = propose(model, GOOD)
    MlflowClient().set_registered_model_alias(model, "previous", "1")
    MlflowClient().set_registered_model_alias(model, "production", second)
    assert promote(clone.url, model, POLICY, "tester").act == "keep"
    assert acts(clone, model) == ["promote", "repair"]
    last = clone.rows(
        "select version, replaced_version from ops.promotions where model_name = %s order by id desc", model
    )
    assert last[0] == (second, "1")
