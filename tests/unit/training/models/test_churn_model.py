"""The stored model: what it answers, what it says, and what lies in its folder."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import Feature, monthly
from tests.unit.builders import feature, frame
from training.data.folds import time_series_split
from training.models.bundle import write_bundle
from training.models.calibration import WAYS
from training.models.churn_model import Bundle, ChurnModel
from training.models.families import NAMES, family
from training.search.candidate import Candidate, fit_candidate

DATES = monthly(date(1997, 1, 1), date(1997, 8, 1))
SPLIT = time_series_split(DATES, timedelta(days=60), out_of_time=1, folds=2)
FRAME = frame(DATES)
FEATURES = [feature("days_since_last"), feature("sum", measure="minutes"), feature("count")]
NAMES_OF = [item.name for item in FEATURES]
PARAMS: dict[str, dict[str, Any]] = {
    "recency": {"recency": 0},
    "logistic": {},
    "catboost": {"iterations": 20, "thread_count": 1},
    "xgboost": {"rounds": 20, "nthread": 1},
}


def store(folder: Path, candidate: Candidate, features: list[Feature] = FEATURES) -> Bundle:
    write_bundle(folder, candidate, features, {"code": "c1"})
    return Bundle(folder)


def linear(slopes: list[float], if_null: list[float] | None = None) -> Candidate:
    """A logistic model that adds `slope * log(1 + value)` for each column, nothing for null unless told."""
    zeros, ones = [0.0] * len(slopes), [1.0] * len(slopes)
    native = {"fill": zeros, "center": [zeros, zeros], "scale": [ones, ones], "slopes": [zeros, slopes],
              "low": [[-1e9] * len(slopes)] * 2, "high": [[1e9] * len(slopes)] * 2,
              "if_null": if_null or zeros, "null_share": zeros, "intercept": 0.0}  # fmt: skip
    return Candidate("logistic", {}, native, {"slope": 1.0, "intercept": 0.0}, ())


def table(*rows: list[float | None]) -> pd.DataFrame:
    return pd.DataFrame([*rows], columns=NAMES_OF)


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_model_gives_the_probabilities_of_the_fitted_one(name: str, tmp_path: Path):
    fitted = fit_candidate(name, PARAMS[name], FRAME, SPLIT, seed=7)
    stored = store(tmp_path / "bundle", fitted)
    assert np.array_equal(stored.probability(FRAME.rows), fitted.probability(FRAME.rows))


@pytest.mark.parametrize("kind", WAYS)
def test_a_stored_calibration_of_any_kind_is_the_fitted_one(kind: str, tmp_path: Path):
    model = linear([1.0, 0.0, 0.0])
    calibration = WAYS[kind](family("logistic").margin(model.native, FRAME.rows), FRAME.labels)
    fitted = replace(model, calibration={"kind": kind, **calibration})
    stored = store(tmp_path / "bundle", fitted)
    assert np.array_equal(stored.probability(FRAME.rows), fitted.probability(FRAME.rows))


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_model_holds_no_pickle(name: str, tmp_path: Path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "left_by_another.pkl").touch()
    write_bundle(tmp_path / "bundle", fit_candidate(name, PARAMS[name], FRAME, SPLIT, seed=7), FEATURES, {})
    files = sorted(path.name for path in (tmp_path / "bundle").iterdir())
    native = {"catboost": "model.cbm", "xgboost": "model.ubj"}.get(name, "coefficients.json")
    assert files == sorted(["family.py", "model.json", native])


@pytest.mark.parametrize("margin", [-1e4, -50.0, 0.0, 50.0, 1e4])
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_a_probability_lies_between_0_and_1_however_sure_the_model_is(margin: float, tmp_path: Path):
    stored = store(tmp_path / "bundle", linear([margin, 0.0, 0.0]))
    probability = stored.probability(stored.rows(table([np.e - 1, 0, 0])))
    assert 0.0 <= probability[0] <= 1.0
    assert (probability[0] > 0.5) == (margin > 0)


def test_the_order_of_the_columns_and_others_beside_them_do_not_matter(tmp_path: Path):
    stored = store(tmp_path / "bundle", fit_candidate("logistic", {}, FRAME, SPLIT, seed=7))
    given = pd.DataFrame(FRAME.rows, columns=NAMES_OF)
    turned = given[NAMES_OF[::-1]].assign(user_id=1)
    assert np.array_equal(stored.rows(turned), FRAME.rows, equal_nan=True)


def test_a_missing_column_is_an_error_that_names_it(tmp_path: Path):
    stored = store(tmp_path / "bundle", linear([1.0, 1.0, 1.0]))
    with pytest.raises(KeyError, match=NAMES_OF[1]):
        stored.rows(table([1, 2, 3]).drop(columns=NAMES_OF[1]))


@pytest.mark.parametrize(
    "column", [pd.Series([None, 1.0]), pd.Series([None, 1], dtype="Int64"), pd.Series([None, 1.0], dtype=object)]
)
def test_null_of_any_kind_is_not_a_number(column: pd.Series, tmp_path: Path):
    stored = store(tmp_path / "bundle", linear([1.0, 1.0, 1.0]))
    rows = stored.rows(table([1, 2, 3], [4, 5, 6]).assign(**{NAMES_OF[1]: column}))
    assert np.array_equal(rows, [[1, np.nan, 3], [4, 1, 6]], equal_nan=True)


SILENT, RARE, SPENDS = "Silent", "Comes rarely", "Spends little"
TOLD = [
    feature("days_since_last", reason=SILENT, description="days since the last visit"),
    feature("sum", measure="minutes", reason=SPENDS, description="minutes in all"),
    feature("count", reason=RARE, description="visits in all"),
    feature("active_days", reason=RARE, description="days with a visit"),
    feature("overdue", reason="Late", description="usual intervals"),
]
E1 = float(np.e - 1)  # adds its slope once


@pytest.mark.parametrize(
    ("slopes", "row", "expected_text"),
    [
        pytest.param(
            [1, 3, 2, 0, 0],
            [E1] * 5,
            ["Spends little (minutes in all: 1.72)", "Comes rarely (visits in all: 1.72)", "Silent (days since"],
            id="the strongest first, three of them",
        ),
        pytest.param([1, 0, -2, 0, 0], [E1] * 5, ["Silent (days since", None, None], id="what lowers the risk is none"),
        pytest.param([-1, -1, 0, 0, 0], [E1] * 5, [None, None, None], id="nothing raises the risk"),
        pytest.param(
            [2.5, 0, 1, 2, 0],
            [E1] * 5,
            ["Comes rarely (days with a visit", "Silent (days", None],
            id="a group adds up and speaks through the one that adds most",
        ),
        pytest.param([0, 0, 2, -3, 0], [E1] * 5, [None, None, None], id="a group that cancels out says nothing"),
        pytest.param([1, 0, 0, 0, 0], [171, 0, 0, 0, 0], ["Silent (days since the last visit: 171)"], id="whole"),
        pytest.param([0, 1, 0, 0, 0], [0, 1234567, 0, 0, 0], ["Spends little (minutes in all: 1,234,567)"], id="long"),
        pytest.param([0, 1, 0, 0, 0], [0, 1234.5, 0, 0, 0], ["Spends little (minutes in all: 1,23"], id="rounded"),
        pytest.param([0, 0, 0, 0, 1], [0, 0, 0, 0, 1.256], ["Late (usual intervals: 1.26)"], id="two digits"),
    ],
)
def test_reasons_say_what_raises_the_risk(
    slopes: list[float], row: list[float], expected_text: list[str | None], tmp_path: Path
):
    stored = store(tmp_path / "bundle", linear(slopes), TOLD)
    reasons = stored.reasons(np.array([row], dtype=float))[0]
    for reason, start in zip(reasons, expected_text, strict=False):
        assert (reason is None) if start is None else (reason is not None and reason.startswith(start))


def test_a_null_that_raises_the_risk_is_shown_as_none(tmp_path: Path):
    stored = store(tmp_path / "bundle", linear([0, 0, 0, 0, 0], if_null=[0, 0, 0, 0, 2.0]), TOLD)
    assert stored.reasons(np.array([[1, 1, 1, 1, np.nan]]))[0][0] == "Late (usual intervals: none)"


@pytest.mark.parametrize(
    ("slopes", "expected_text"),
    [
        pytest.param([0, 0, 1, 2, 0], "Comes rarely (visits in all: 1.72)", id="the strongest that may be said speaks"),
        pytest.param([0, 0, -1, 2, 0], "Comes rarely", id="what lowers the risk does not speak for it"),
        pytest.param([0, 0, 0, 0, 1], "Late", id="nobody may speak"),
    ],
)
def test_a_private_feature_shows_its_reason_without_the_number(slopes: list[float], expected_text: str, tmp_path: Path):
    text = [*TOLD[:3], *(replace(item, private=True) for item in TOLD[3:])]
    stored = store(tmp_path / "bundle", linear(slopes), text)
    assert stored.reasons(np.full((1, 5), E1))[0] == [expected_text, None, None]


def test_each_row_has_its_own_reasons_and_no_rows_have_none(tmp_path: Path):
    stored = store(tmp_path / "bundle", linear([1, 2, 0, 0, 0]), TOLD)
    first, second = stored.reasons(np.array([[E1, 0, 0, 0, 0], [0, E1, 0, 0, 0]]))
    assert str(first[0]).startswith(SILENT)
    assert str(second[0]).startswith(SPENDS)
    assert stored.reasons(np.empty((0, 5))) == []


@pytest.fixture
def model(tmp_path: Path) -> ChurnModel:
    """As MLflow loads it."""
    write_bundle(tmp_path / "bundle", linear([1.0, 0.0, 0.0]), FEATURES, {})
    loaded = ChurnModel()
    loaded.load_context(SimpleNamespace(artifacts={"bundle": str(tmp_path / "bundle")}))
    return loaded


def test_predict_returns_a_row_per_row_and_explains_on_request(model: ChurnModel):
    rows = table([E1, 0, 0], [0, 0, 0]).set_index(pd.Index([7, 3]))
    plain, predicted = model.predict(None, rows), model.predict(None, rows, {"explain": True})
    assert list(plain.columns) == ["churn_probability"]
    assert plain.index.tolist() == predicted.index.tolist() == [7, 3]
    assert plain["churn_probability"].tolist() == pytest.approx([1 / (1 + np.exp(-1)), 0.5])
    assert list(predicted.columns) == ["churn_probability", "reason_1", "reason_2", "reason_3"]
    # All three features share a reason here, so there can be one at most.
    assert predicted["reason_1"].tolist() == ["Comes rarely (visits in all: 1.72)", None]
    assert predicted["reason_3"].tolist() == [None, None]


def test_predict_of_no_rows_is_no_rows(model: ChurnModel):
    text = model.predict(None, table([1, 2, 3]).iloc[:0], {"explain": True})
    assert text.shape == (0, 4)


def test_the_card_lists_the_parts_of_the_model(tmp_path: Path):
    store(tmp_path / "bundle", linear([1.0, 2.0, 3.0]))
    card = json.loads((tmp_path / "bundle" / "model.json").read_text())
    assert [(item["name"], item["type"]) for item in card["features"]] == [(name, "double") for name in NAMES_OF]
    assert (card["family"], card["provenance"]) == ("logistic", {"code": "c1"})
