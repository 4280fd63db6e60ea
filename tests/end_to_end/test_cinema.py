"""The cinema: exports in a bucket, a lake that survives being killed, a model of its own for who pays."""

import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Clone
from tests.end_to_end.test_again import wait_for
from tests.end_to_end.test_bad_input import said

BUCKET = "s3://prichal/exports"


def rows(output: str) -> list[tuple[str, ...]]:
    """Source, rows in, kept, duplicates and quarantined, as the step said them."""
    number = r"([\d,]+)"
    said = re.findall(
        rf"ingest · (\w+): {number} rows in = {number} kept \+ {number} duplicates \+ {number} quarantined", output
    )
    return [(name, *(int(count.replace(",", "")) for count in counts)) for name, *counts in said]


@pytest.fixture(scope="module")
def exports(clone: Clone) -> Path:
    """A simulated business of 1,500 people, in a bucket too."""
    done = clone.mlflow_run("sample", "users=1500", f"raw={BUCKET}", project="churn")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ objects uploaded to s3://prichal/exports", done.stdout)
    return clone.state / "raw" / "churn"


@pytest.fixture(scope="module")
def killed(clone: Clone, exports: Path) -> str:
    """What an ingest from the bucket says that was killed once half of the sources had been taken."""
    tables = clone.lake / "churn" / "tables"
    process = clone.start("python", "-m", "jobs.ingest", "--raw", BUCKET)
    wait_for(lambda: len(list(tables.glob("*/current.json"))) >= 4, process)
    os.kill(-process.pid, signal.SIGKILL)
    process.wait()
    again = clone.run("python", "-m", "jobs.ingest", "--raw", BUCKET)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "(taken before)" in again.stdout
    return again.stdout


def test_killed_while_ingesting_then_run_again_has_taken_everything(exports: Path, killed: str) -> None:
    written = json.loads((exports / "sample.json").read_text())["rows"]
    assert len(rows(killed)) == 13
    assert sum(found[1] for found in rows(killed)) == sum(written.values())
    assert all(rows_in == kept + doubled + aside for _, rows_in, kept, doubled, aside in rows(killed))
    assert sum(found[4] for found in rows(killed)) > 0, "the simulation garbles some lines"


def test_rows_whose_owner_is_not_known_are_kept_and_counted(killed: str) -> None:
    assert re.search(r"hits: [1-9][\d,]* rows are nobody's; kept", killed)


def test_the_truth_is_refused(clone: Clone, exports: Path) -> None:
    truth = str(clone.state / "truth" / "churn")
    assert "holds the truth of a simulation" in said(clone, "jobs.ingest", "--project", "churn", "--raw", truth)


def test_exports_that_no_simulation_wrote_are_not_replaced(clone: Clone, exports: Path, tmp_path: Path) -> None:
    (tmp_path / "payments.csv").write_text("their own")
    sentence = said(clone, "jobs.sample", "--project", "churn", "--raw", str(tmp_path))
    assert "holds exports that no simulation wrote" in sentence
    assert (tmp_path / "payments.csv").read_text() == "their own"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--project", "cdnow"), "Project cdnow has no simulator"),
        (("--project", "churn", "--users", "many"), "users 'many' cannot be simulated: give a whole number from 50"),
        (("--project", "churn", "--months", "1"), "months '1' cannot be simulated: give a whole number from 3 to 60"),
    ],
)
def test_what_cannot_be_simulated_is_told(clone: Clone, arguments: tuple[str, ...], words: str) -> None:
    assert words in said(clone, "jobs.sample", *arguments)


def test_who_pays_gets_a_model_that_the_gate_has_judged(clone: Clone, killed: str) -> None:
    trained = clone.run("python", "-m", "jobs.train", "--population", "paid", "--trials", "0")
    assert trained.returncode == 0, trained.stdout + trained.stderr
    assert "registered as churn_paid version 1, the challenger" in trained.stdout
    assert clone.run("python", "-m", "jobs.promote", "--population", "paid").returncode in {0, 2}
    acts = clone.rows("select act from ops.promotions where model_name = 'churn_paid'")
    assert acts in ([("promote",)], [("refuse",)])
