"""What waits for a person: who may approve it, and when it does not hold any more."""

from collections.abc import Callable
from typing import Any

import pytest
from mlflow import MlflowClient

from registry import Policy, PromotionOutcome, approve, promote, reject
from registry.release.reviews import NoReviewError, ReviewerError, VoidError
from tests.end_to_end.conftest import Clone
from tests.end_to_end.proposals import (
    AUTHOR,
    POLICY,
    aliases,
    aliases_match_ledger,
    ledger_acts,
    log_run,
    measure,
    promote_one,
    propose,
    put_in_production,
    roll_back,
    sound_evidence,
    state,
)
from tests.unit.builders import is_one_sentence


def approved(
    clone: Clone, *models: str, name: str = "bob", reason: str = "read it", policy: Policy = POLICY
) -> list[PromotionOutcome]:
    return approve(clone.url, models, policy, name, reason, "account")


def waiting(clone: Clone, model: str, run: str) -> str:
    version = propose(model, run)
    assert promote_one(clone, model, mode="review").act == "review"
    return version


def test_a_review_is_open_until_another_person_approves_it(clone: Clone, model: str, sound: str) -> None:
    version = waiting(clone, model, sound)
    assert aliases(model) == {"in_review": version}
    assert promote_one(clone, model, mode="review").reason == "A review of the same version is open already."
    wrong = [
        ("", "good", "name of the review is empty"),
        ("bob", " ", "reason of the review is empty"),
        (AUTHOR.upper(), "good", "cannot approve it"),
    ]
    for name, reason, expected in wrong:
        with pytest.raises(ReviewerError, match=expected) as caught:
            approved(clone, model, name=name, reason=reason)
        assert is_one_sentence(caught.value)
    assert ledger_acts(clone, model) == ["review"]
    moved = approved(clone, model)[0]
    assert (moved.act, moved.version, moved.replaced, moved.reason) == ("promote", version, None, "read it")
    assert aliases(model) == {"production": version}
    assert ledger_acts(clone, model) == ["review", "approve", "intent", "promote"]
    review, *_, last = state(clone, model).rows
    assert (last.who, last.decision["account"], last.decision["review"]) == ("bob", "account", review.id)
    with pytest.raises(NoReviewError, match="was approved by bob") as repeated:
        approved(clone, model)
    assert is_one_sentence(repeated.value)


def test_mode_auto_does_not_bypass_a_policy_with_review(clone: Clone, model: str, sound: str) -> None:
    propose(model, sound)
    policy = POLICY.model_copy(update={"review": True})
    assert promote(clone.url, [model], policy, "tester", measure=measure, mode="auto")[0].act == "review"


def test_a_refused_challenger_gets_no_review(clone: Clone, model: str) -> None:
    propose(model, log_run(None))
    assert promote_one(clone, model, mode="review").act == "refuse"
    with pytest.raises(NoReviewError, match="mode=review` first"):
        approved(clone, model)


def test_a_rejected_version_is_not_proposed_again(clone: Clone, model: str, sound: str) -> None:
    waiting(clone, model, sound)
    assert reject(clone.url, [model], "bob", "too many features", "account")[0].act == "reject"
    assert aliases(model) == {}
    with pytest.raises(NoReviewError, match="was rejected by bob"):
        approved(clone, model)
    moved = promote_one(clone, model, mode="review")
    assert moved.act == "refuse"
    assert "was rejected by bob" in moved.reason


def test_a_newer_review_replaces_an_open_one(clone: Clone, model: str, sound: str) -> None:
    waiting(clone, model, sound)
    second = waiting(clone, model, sound)
    assert aliases(model) == {"in_review": second}
    assert approved(clone, model)[0].version == second


Change = Callable[[Clone, str, str], Any]


def log_evidence(run: str, **changes: Any) -> None:
    MlflowClient().log_dict(run, sound_evidence(**changes), "evidence.json")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda clone, model, run: log_evidence(run, metrics__auc__low=0.75),
         "the evidence of version 1 changed"),
        (lambda clone, model, run: MlflowClient().log_text(run, "other weights", "model/weights.txt"),
         "the files of version 1 changed"),
        (lambda clone, model, run: roll_back(clone, model), "production is version 1 now and was version 2"),
        (lambda clone, model, run: MlflowClient().delete_model_version(model, "1"), "MLflow no longer has version 1"),
        (None, "the policy changed"),
    ],
    ids=["evidence", "files", "production", "version gone", "policy"],
)  # fmt: skip
def test_an_approval_is_void_if_something_changed(
    clone: Clone, model: str, sound: str, change: Change | None, expected: str
) -> None:
    put_in_production(clone, model, sound, 2 if "production" in expected else 0)
    run = log_run(sound_evidence())
    waiting(clone, model, run)
    if change is not None:
        change(clone, model, run)
    policy = POLICY if change is not None else POLICY.model_copy(update={"fewest_left": 5})
    with pytest.raises(VoidError, match=expected) as caught:
        approved(clone, model, policy=policy)
    assert is_one_sentence(caught.value)
    assert ledger_acts(clone, model)[-1] == "void"
    assert aliases_match_ledger(clone, model)
    with pytest.raises(NoReviewError, match="was found void"):
        approved(clone, model)


def test_a_newer_challenger_does_not_make_a_review_void(clone: Clone, model: str, sound: str) -> None:
    version = waiting(clone, model, sound)
    propose(model, sound)
    assert approved(clone, model)[0].version == version


def test_a_release_is_approved_as_a_whole(clone: Clone, models: tuple[str, str], sound: str) -> None:
    for model in models:
        propose(model, sound)
    done = promote(clone.url, models, POLICY, "tester", measure=measure, mode="review", release="together")
    assert [moved.act for moved in done] == ["review", "review"]
    with pytest.raises(ReviewerError, match="approve them together"):
        approved(clone, models[0])
    assert [moved.act for moved in approved(clone, *models)] == ["promote", "promote"]


def test_a_release_of_which_one_review_was_replaced_is_void(clone: Clone, models: tuple[str, str], sound: str) -> None:
    for model in models:
        propose(model, sound)
    promote(clone.url, models, POLICY, "tester", measure=measure, mode="review", release="together")
    waiting(clone, models[0], sound)
    with pytest.raises(VoidError, match=f"review of {models[0]} is no longer open"):
        approved(clone, *models)
    assert [ledger_acts(clone, model)[-1] for model in models] == ["review", "void"]
    assert approved(clone, *models)[0].act == "promote"
