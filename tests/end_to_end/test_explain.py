"""A published score is computed again from stored snapshot and version; what is old leaves, kept days stay exact."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from serving.retention import Retention, RetentionError
from tests.end_to_end.conftest import Clone
from tests.end_to_end.in_process import refusal, run_here

DAY = date(1998, 7, 1)
EQUAL = "equal to the published score and reasons"


@pytest.fixture(scope="module")
def person(clone: Clone, morning: object) -> str:
    rows = clone.rows("select customer_id::text from mart.cdnow_scores_current where reason_1 is not null limit 1")
    return str(rows[0][0])


def explain(clone: Clone, person: str) -> str:
    done = run_here(clone, "jobs.explain", "--user", person, "--date", str(DAY))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def snapshot_folders(clone: Clone, day: date) -> list[Path]:
    return list((clone.lake / "cdnow" / "snapshots" / f"as_of={day}").glob("*"))


def test_a_score_is_explained_and_equal_to_the_published_one(clone: Clone, person: str) -> None:
    text = explain(clone, person)
    assert EQUAL in text
    reason = clone.rows(f"select reason_1 from mart.cdnow_scores_current where customer_id = {person}")[0][0]
    assert f"reason_1: {reason}" in text
    assert "feature purchases_days_since_last = " in text
    parameters = clone.rows("select parameters from ops.runs where step = 'explain'")
    assert all(row[0] == {"user": "not recorded", "date": str(DAY)} for row in parameters)


def test_a_snapshot_that_is_gone_is_built_again_to_the_bit(clone: Clone, person: str) -> None:
    shutil.rmtree(snapshot_folders(clone, DAY)[0])
    assert EQUAL in explain(clone, person)


def test_a_score_that_was_changed_in_the_mart_is_not_equal(clone: Clone, person: str) -> None:
    update = "update mart.cdnow_scores set churn_probability = {} where customer_id = {} and score_date = '1998-07-01'"
    before = clone.rows(f"select churn_probability from mart.cdnow_scores_current where customer_id = {person}")[0][0]
    clone.as_owner(update.format("churn_probability / 2", person))
    try:
        text = explain(clone, person)
    finally:
        clone.as_owner(update.format(repr(before), person))
    assert EQUAL not in text
    assert "churn_probability: published" in text


@pytest.mark.parametrize(
    ("user", "day", "words"),
    [("999999999", str(DAY), "has no score of this person on 1998-07-01"), ("4", "july", "date 'july' is not a date"),
     ("ann", str(DAY), "no whole number")],
)  # fmt: skip
def test_a_score_that_does_not_exist_is_one_sentence(
    clone: Clone, morning: object, user: str, day: str, words: str
) -> None:
    assert words in refusal(clone, "jobs.explain", "--user", user, "--date", day)


def test_tidy_removes_what_is_old_and_kept_scores_stay_exact(clone: Clone, person: str) -> None:
    old, older = DAY - timedelta(days=120), DAY - timedelta(days=900)
    grid = {path.name for path in (clone.lake / "cdnow" / "snapshots").iterdir()}
    for day in (old, older):
        done = run_here(clone, "jobs.features", "--as-of", str(DAY - timedelta(days=100)))
        assert done.returncode == 0, done.stderr
        clone.as_owner(
            f"select mart.create_day('cdnow_scores', '{day}')",
            f"insert into mart.cdnow_scores select '{day}', customer_id, population, churn_probability, risk_decile, "
            f"reason_1, reason_2, reason_3, null, null, model_name, model_version, label_matures_on, scored_at "
            f"from mart.cdnow_scores where score_date = '{DAY}'",
        )
    (clone.lake / "cdnow" / "logged" / str(older)).mkdir(parents=True)
    done = run_here(clone, "jobs.tidy")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = {" ".join(line.split("tidy · ")[1].split()[:-1]) for line in done.stdout.splitlines() if "tidy · " in line}
    assert {"days of scores 730 days 1", "snapshots 90 days 1", "days of logged features 180 days 1"} <= lines
    assert clone.rows("select distinct score_date from mart.cdnow_scores order by 1") == [(old,), (DAY,)]
    assert {path.name for path in (clone.lake / "cdnow" / "snapshots").iterdir()} == grid
    assert EQUAL in explain(clone, person)
    clone.as_owner(f"delete from mart.cdnow_scores where score_date = '{old}'")


def test_an_age_that_is_not_allowed_is_one_sentence() -> None:
    with pytest.raises(RetentionError, match="scores_days is 0"):
        Retention(scores_days=0)
    with pytest.raises(RetentionError, match="more than scores_days"):
        Retention(scores_days=30, snapshots_days=60)
