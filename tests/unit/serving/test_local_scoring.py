"""A version scores in a separate process that gets no secrets; its failure is one sentence."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from registry import VersionFiles
from serving import MissingFeatureError, local_scoring, predict_probabilities
from serving.local_scoring import ModelProcessError, different_texts, run_model_process
from stack.settings import VARIABLES
from tests.unit.builders import is_one_sentence
from tests.unit.versions import NAMES, version_folder
from training.models.churn_model import Bundle

ROWS = np.array([[1.0, 2.0, 3.0], [np.nan, 0.0, 7.0]])
#: secrets of the user's shell that a version must not see.
SECRETS = ("DATABASE_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "MLFLOW_TRACKING_URI",
           "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "PRICHAL_DECISIONS_KEY",
           "PGPASSWORD", "ANY_OTHER_TOKEN")  # fmt: skip
SPY = """
import os, sys
import pandas as pd
pd.DataFrame({"name": sorted(os.environ)}).to_parquet(sys.argv[4])
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> VersionFiles:
    return VersionFiles("shop_churn", "2", version_folder(tmp_path_factory.mktemp("made")))


def test_the_process_predicts_the_probabilities_of_the_model(files: VersionFiles):
    expected = Bundle(files.folder / "artifacts" / "bundle").probability(ROWS)
    assert np.array_equal(predict_probabilities(files, ["other", *NAMES], np.column_stack([expected, ROWS])), expected)


def test_the_judged_model_of_a_refit_predicts_for_the_comparison(tmp_path: Path):
    files = VersionFiles("shop_churn", "2", version_folder(tmp_path))
    bundle = files.folder / "artifacts" / "bundle"
    registered = Bundle(bundle).probability(ROWS)
    (bundle / "judged").mkdir()
    native = json.loads((bundle / "coefficients.json").read_text())
    (bundle / "judged" / "coefficients.json").write_text(json.dumps({**native, "intercept": 1.5}))
    card = json.loads((bundle / "model.json").read_text())
    judged = {"calibration": {"slope": 2.0, "intercept": 0.0}}
    (bundle / "model.json").write_text(json.dumps({**card, "judged": judged}))
    log_odds = np.log(registered / (1 - registered))
    assert predict_probabilities(files, NAMES, ROWS, judged=True) == pytest.approx(
        1 / (1 + np.exp(-2 * (log_odds + 1.5)))
    )


def test_a_missing_feature_is_named(files: VersionFiles):
    with pytest.raises(
        MissingFeatureError, match=f"Version 2 of shop_churn needs {NAMES[0]}, which snapshots"
    ) as caught:
        predict_probabilities(files, NAMES[1:], ROWS[:, 1:])
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("change", ["cut", pytest.param("missing", marks=pytest.mark.slow)])
def test_a_damaged_native_file_is_one_sentence(change: str, tmp_path: Path):
    broken = VersionFiles("shop_churn", "2", version_folder(tmp_path))
    native = broken.folder / "artifacts" / "bundle" / "coefficients.json"
    native.write_text(native.read_text()[:20]) if change == "cut" else native.unlink()
    with pytest.raises(ModelProcessError, match="Version 2 of shop_churn cannot score: ") as caught:
        predict_probabilities(broken, NAMES, ROWS)
    assert is_one_sentence(caught.value)
    assert ("JSONDecodeError" in str(caught.value)) == (change == "cut")


def test_the_process_gets_no_secret(files: VersionFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in {*SECRETS, *VARIABLES.values()} - {"JAVA_HOME"}:
        monkeypatch.setenv(name, "secret")
    spy = tmp_path / "spy.py"
    spy.write_text(SPY)
    monkeypatch.setattr(local_scoring, "PROGRAM", spy)
    seen = set(run_model_process(files, "reasons", pd.DataFrame(ROWS, columns=list(NAMES)))["name"])
    assert "PATH" in seen
    assert not seen & ({*SECRETS, *VARIABLES.values()} - {"JAVA_HOME", "SPARK_MASTER"})


@pytest.mark.parametrize(
    ("left", "right", "differences"),
    [
        (["a", None], ["a", None], {}),
        ([None, None], [np.nan, None], {}),
        (["a", "None"], ["a", None], {"reason_1": "reason_1 differs on 1 of 2 rows, such as 'None' for None"}),
        ([None, "b"], ["a", "c"], {"reason_1": "reason_1 differs on 2 of 2 rows, such as None for 'a'"}),
    ],
    ids=["alike", "null of any kind", "a text for null", "other texts"],
)
def test_different_texts_are_named(left: list[str | None], right: list[str | None], differences: dict[str, str]):
    tables = [pd.DataFrame({"reason_1": texts, "reason_2": ["x", "y"]}) for texts in (left, right)]
    assert different_texts(*tables, ["reason_1", "reason_2"]) == differences
