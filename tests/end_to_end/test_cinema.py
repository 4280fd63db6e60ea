"""The cinema: exports in a bucket, a lake that survives being taken, a model of its own for who pays."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end.conftest import Clone
from tests.end_to_end.in_process import refusal, run_here

BUCKET = "s3://prichal/exports"


def rows(output: str) -> list[tuple[str, ...]]:
    """Source, rows in, kept, duplicates and quarantined, as the step said them."""
    number = r"([\d,]+)"
    summaries = re.findall(
        rf"ingest · (\w+): {number} rows in = {number} kept \+ {number} duplicates \+ {number} quarantined", output
    )
    return [(name, *(int(count.replace(",", "")) for count in counts)) for name, *counts in summaries]


@pytest.fixture(scope="module")
def exports(clone: Clone) -> Path:
    """Four months of a simulated business of 300 people, in a bucket too."""
    arguments = ("--users", "300", "--months", "4", "--raw", BUCKET)
    done = run_here(clone, "jobs.sample", "--project", "churn", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ objects uploaded to s3://prichal/exports", done.stdout)
    return clone.state / "raw" / "churn"


@pytest.fixture(scope="module")
def taken(clone: Clone, exports: Path) -> str:
    """What an ingest from the bucket says."""
    done = run_here(clone, "jobs.ingest", "--project", "churn", "--raw", BUCKET)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_row_of_the_bucket_is_accounted_for(exports: Path, taken: str) -> None:
    written = json.loads((exports / "sample.json").read_text())["rows"]
    assert len(rows(taken)) == 13
    assert sum(result[1] for result in rows(taken)) == sum(written.values())
    assert all(rows_in == remaining + doubled + aside for _, rows_in, remaining, doubled, aside in rows(taken))
    assert sum(result[4] for result in rows(taken)) > 0, "the simulation garbles some lines"


def test_anonymous_rows_are_kept_and_counted(taken: str) -> None:
    assert re.search(r"hits: [1-9][\d,]* rows are nobody's; kept", taken)


def test_the_truth_is_refused(clone: Clone, exports: Path) -> None:
    truth = str(clone.state / "truth" / "churn")
    assert "holds the truth of a simulation" in refusal(clone, "jobs.ingest", "--project", "churn", "--raw", truth)


def test_exports_that_no_simulation_wrote_are_not_replaced(clone: Clone, exports: Path, tmp_path: Path) -> None:
    (tmp_path / "payments.csv").write_text("their own")
    sentence = refusal(clone, "jobs.sample", "--project", "churn", "--raw", str(tmp_path))
    assert "holds exports that no simulation wrote" in sentence
    assert (tmp_path / "payments.csv").read_text() == "their own"


@pytest.mark.parametrize(
    ("place", "words"),
    [("s3://Prichal/x", "is not an S3 URL: write it as s3://bucket/prefix"), ("s3://nobody/x", "NoSuchBucket"),
     ("s3://prichal/nothing", "has no object")],
)  # fmt: skip
def test_an_unreadable_bucket_is_an_error(clone: Clone, place: str, words: str) -> None:
    assert words in refusal(clone, "jobs.ingest", "--project", "churn", "--raw", place)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--project", "cdnow"), "Project cdnow has no simulator"),
        (("--project", "churn", "--users", "many"), "users 'many' is not allowed: give a whole number from 50"),
        (("--project", "churn", "--months", "1"), "months '1' is not allowed: give a whole number from 3 to 60"),
    ],
)
def test_an_impossible_simulation_is_an_error(clone: Clone, arguments: tuple[str, ...], words: str) -> None:
    assert words in refusal(clone, "jobs.sample", *arguments)


@pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.slow)])
def test_members_and_labels_are_those_of_the_truth(engine: str, clone: Clone, taken: str) -> None:
    """Two dates, one of them with labels: whom the simulator counts as paid or on trial, and who of them left."""
    days = ("2026-08-01", "2026-09-01")
    shutil.rmtree(clone.lake / "churn" / "snapshots", ignore_errors=True)
    built = run_here(clone, "jobs.features", "--project", "churn", "--as-of", "..".join(days), ENGINE=engine)
    assert built.returncode == 0, built.stdout + built.stderr
    truth = pd.read_parquet(clone.state / "truth" / "churn" / "states.parquet").assign(
        as_of=lambda t: t["as_of"].map(str)
    )
    for day in days:
        (folder,) = (clone.lake / "churn" / "snapshots" / f"as_of={day}").iterdir()
        both = pd.read_parquet(folder).merge(truth[truth["as_of"] == day], on="user_id", how="outer", indicator=True)
        assert (both["_merge"] != "right_only").mean() > 0.98, "some payments are not known yet on that morning"
        assert (both["_merge"] != "left_only").all()
        shared = both[both["_merge"] == "both"]
        assert (shared["population_x"] == shared["population_y"]).all()
        assert set(shared["population_x"]) == {"paid", "trial"}
        if day == days[0]:
            assert shared["label"].notna().all()
            assert (shared["label"].astype(int) == shared["left"].astype(int)).all()
        else:
            assert shared["label"].isna().all()
