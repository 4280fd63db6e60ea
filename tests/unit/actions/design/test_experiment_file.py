"""The file of an experiment is read as it is meant, and each kind of bad input is one sentence."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actions.design.experiment_checks import balance_check, sample_ratio_check
from actions.design.experiment_file import read_experiment_file
from actions.experiment import ExperimentError
from tests.unit.builders import is_one_sentence

Change = Callable[[pd.DataFrame], pd.DataFrame]


def table(rows: int = 2_000, seed: int = 1) -> pd.DataFrame:
    """Two campaigns with control, a letter and a call."""
    rng = np.random.default_rng(seed)
    probability = np.array([0.2, 0.5, 0.3])
    arm = rng.choice(3, rows, p=probability)
    return pd.DataFrame(
        {
            "person": [f"u{number}" for number in range(rows)],
            "treatment": np.array(["control", "letter", "call"])[arm],
            "probability": probability[arm],
            "outcome": (rng.random(rows) < 0.9).astype(int),
            "campaign": np.where(np.arange(rows) % 2 == 0, "spring", "autumn"),
            "assigned_on": np.where(np.arange(rows) % 2 == 0, "2026-03-01", "2026-09-01"),
            "cost": np.array([0.0, 1.5, 20.0])[arm],
            "age": rng.normal(size=rows),
            "visits": np.where(rng.random(rows) < 0.1, np.nan, rng.integers(0, 9, rows)),
        }
    )


def write(rows: pd.DataFrame, path: Path) -> Path:
    rows.to_parquet(path) if path.suffix == ".parquet" else rows.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_is_an_experiment(suffix: str, tmp_path: Path):
    rows = table()
    experiment = read_experiment_file(write(rows, tmp_path / f"offers{suffix}"))
    assert experiment.names == ("age", "visits")
    assert experiment.arms == ("control", "call", "letter")
    assert [experiment.arms[place] for place in experiment.arm] == rows["treatment"].tolist()
    assert experiment.probability == pytest.approx(np.tile([0.2, 0.3, 0.5], (len(rows), 1)))
    assert experiment.people.tolist() == rows["person"].tolist()
    assert experiment.campaigns.tolist() == rows["campaign"].tolist()
    assert experiment.assigned_on.astype(str).tolist() == rows["assigned_on"].tolist()
    assert experiment.outcome.tolist() == rows["outcome"].tolist()
    assert experiment.cost == pytest.approx([0.0, 20.0, 1.5])
    assert (np.isnan(experiment.rows[:, 1]) == rows["visits"].isna()).all()
    assert experiment.rows[:, 0] == pytest.approx(rows["age"].to_numpy())
    assert np.isnan(experiment.baseline).all()
    assert sample_ratio_check(experiment).passed
    assert balance_check(experiment).passed


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("kind", [int, float, bool, str])
def test_a_file_of_0_and_1_with_a_share_needs_no_other_column(suffix: str, kind: type, tmp_path: Path):
    rng = np.random.default_rng(2)
    treated = rng.random(500) < 0.7
    rows = pd.DataFrame(
        {"person": range(500), "treatment": [kind(value) for value in treated.astype(int)],
         "share": np.where(treated, 0.7, 0.3), "outcome": rng.integers(0, 2, 500), "age": rng.normal(size=500)}
    )  # fmt: skip
    experiment = read_experiment_file(write(rows, tmp_path / f"offers{suffix}"))
    assert experiment.arms == ("control", "treatment")
    assert (experiment.arm == treated).all()
    assert experiment.probability == pytest.approx(np.tile([0.3, 0.7], (500, 1)))
    assert set(experiment.campaigns) == {"offers"}
    assert experiment.people[7] == "7"
    assert experiment.cost.tolist() == [0, 0]


def test_probabilities_of_two_arms_may_differ_from_row_to_row(tmp_path: Path):
    rng = np.random.default_rng(3)
    chance = rng.uniform(0.2, 0.8, 1_000)
    treated = rng.random(1_000) < chance
    rows = table(1_000).assign(
        treatment=np.where(treated, "letter", "control"), probability=np.where(treated, chance, 1 - chance)
    )
    experiment = read_experiment_file(write(rows, tmp_path / "offers.parquet"))
    assert experiment.probability == pytest.approx(np.column_stack([1 - chance, chance]))


def value(column: str, content: object, row: int = 4) -> Change:
    """Replace one value."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        changed = rows.astype({column: object})
        changed.loc[row, column] = content
        return changed.astype({column: rows[column].dtype}, errors="ignore").infer_objects()

    return change


def constant(**columns: object) -> Change:
    return lambda rows: rows.assign(**columns)


def without(*columns: str) -> Change:
    return lambda rows: rows.drop(columns=list(columns))


def only(**columns: str) -> Change:
    """Keep the rows with these values."""
    return lambda rows: rows[np.logical_and.reduce([rows[name] == text for name, text in columns.items()])]


def tiny_share(rows: pd.DataFrame) -> pd.DataFrame:
    """A treated share of 0.1%."""
    treated = np.arange(len(rows)) % 1_000 == 0
    return rows.assign(treatment=np.where(treated, "letter", "control"), probability=np.where(treated, 0.001, 0.999))


BAD: dict[str, tuple[Change, str]] = {
    "no person": (without("person"), "column person is missing; it needs person, treatment, probability, outcome"),
    "no treatment": (without("treatment"), "column treatment is missing"),
    "no probability": (without("probability"), "column probability is missing"),
    "no outcome": (without("outcome"), "column outcome is missing"),
    "no feature": (without("age", "visits"), "it has no feature"),
    "a feature of text": (constant(region="north"), "column region holds text; write numbers, or remove the column"),
    "probability 0": (value("probability", 0.0), "probability must be above 0 and below 1, .*1 of 2,000 rows.*row 5"),
    "probability 1": (value("probability", 1.0), "probability must be above 0 and below 1"),
    "no number as probability": (value("probability", np.nan), "probability must be above 0 and below 1"),
    "outcome 2": (
        value("outcome", 2),
        r"outcome must be 1 \(stayed\) or 0 \(left\) \(1 of 2,000 rows, the first is ro",
    ),
    "an empty person": (value("person", None), "column person is empty"),
    "an empty treatment": (value("treatment", None), "column treatment is empty; write control or 0"),
    "a person twice": (value("person", "u2"), "a person is twice in a campaign"),
    "an infinite feature": (value("age", np.inf), "a feature is infinite"),
    "no day": (value("assigned_on", "soon"), "assigned_on is no day such as 2026-03-01"),
    "one arm": (only(treatment="letter"), "all rows have the treatment 'letter', so there is nothing to compare"),
    "no control": (lambda rows: rows[rows["treatment"] != "control"], "no row is control, the treatments are call, le"),
    "a treated share of 0.1%": (tiny_share, r"treatment 'letter' has 2 of 2,000 rows \(0.1%\), too few to compare"),
    "a campaign with one arm": (
        lambda rows: rows[(rows["campaign"] == "spring") | (rows["treatment"] == "call")],
        "campaign autumn has one treatment only",
    ),
    "probabilities above 1": (
        lambda rows: rows.assign(probability=np.minimum(0.9, rows["probability"] * 1.5)),
        "the probabilities of the arms of campaign autumn sum to 1.5; they must sum to 1",
    ),
    "no row": (lambda rows: rows.iloc[:0], "has no row"),
}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence(name: str, suffix: str, tmp_path: Path):
    change, words = BAD[name]
    path = write(change(table()).reset_index(drop=True), tmp_path / f"offers{suffix}")
    with pytest.raises(ExperimentError, match=words) as caught:
        read_experiment_file(path)
    assert str(caught.value).startswith("Experiment offers")
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("offers.xlsx", b"", "is no CSV or Parquet file", id="another format"),
        pytest.param("offers.csv", None, "does not exist", id="no file"),
        pytest.param("offers.csv", b"", "cannot be read", id="an empty file"),
        pytest.param("offers.parquet", b"no Parquet", "cannot be read", id="a broken file"),
        pytest.param("offers.csv", b'person,treatment\n"u1,1\n', "cannot be read", id="an open quote"),
        pytest.param("offers.csv", b"person\n\xff\xfe\n", "cannot be read", id="no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(name: str, content: bytes | None, words: str, tmp_path: Path):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ExperimentError, match=words) as caught:
        read_experiment_file(path)
    assert is_one_sentence(caught.value)


def test_days_and_baselines_of_a_parquet_file_may_be_typed(tmp_path: Path):
    rows = table().assign(assigned_on=date(2026, 3, 1), baseline=0.25)
    experiment = read_experiment_file(write(rows, tmp_path / "offers.parquet"))
    assert set(experiment.assigned_on.astype(str)) == {"2026-03-01"}
    assert set(experiment.baseline) == {0.25}
