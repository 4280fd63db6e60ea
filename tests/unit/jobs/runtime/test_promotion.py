"""The parameters of a promotion, and the line about its outcome."""

from datetime import date

import pytest

from jobs.runtime.context import Context
from jobs.runtime.notifications import describe
from jobs.runtime.promotion import promote_challengers
from registry import PromotionOutcome
from registry.release.promotion import ModeError, ReleaseError
from tests.unit.builders import is_one_sentence


@pytest.mark.parametrize("mode", ["force", "", "AUTO"])
def test_a_mode_that_does_not_exist_is_an_error_before_the_step_starts(mode: str, context: Context):
    with pytest.raises(ModeError, match=f"mode '{mode}' does not exist") as caught:
        promote_challengers(context, mode=mode)
    assert is_one_sentence(caught.value)


def test_a_release_that_does_not_exist_is_an_error_before_the_step_starts(context: Context):
    with pytest.raises(ReleaseError, match="release 'both' does not exist") as caught:
        promote_challengers(context, release="both")
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("act", "replaced", "sentence"),
    [
        ("promote", None, "version 3 is in production, it replaced nothing"),
        ("promote", "2", "version 3 is in production, it replaced version 2"),
        ("keep", "3", "version 3 stays in production"),
        ("refuse", None, "version 3 was refused; production stays empty"),
        ("refuse", "2", "version 3 was refused; production stays version 2"),
        ("review", "2", "version 3 needs a review; production stays version 2"),
        ("reject", None, "version 3 was rejected; production stays empty"),
        ("absent", "2", "there is no challenger; production stays version 2"),
        ("rollback", "4", "version 3 is back in production, version 4 was withdrawn; it had scored no date"),
    ],
)
def test_the_outcome_is_one_line(act: str, replaced: str | None, sentence: str):
    assert describe(PromotionOutcome("cdnow_churn", act, "3", replaced, None)) == f"cdnow_churn: {sentence}"


def test_a_rollback_names_the_dates_that_the_withdrawn_version_scored():
    outcome = PromotionOutcome("m", "rollback", "1", "2", None, dates=(date(1998, 7, 1), date(1998, 7, 2)))
    assert describe(outcome).endswith("it had scored 1998-07-01, 1998-07-02: score them again")
