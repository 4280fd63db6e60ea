"""What a run logged is enough to make its model again, byte for byte."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from features import monthly
from tests.unit.builders import feature, frame, is_one_sentence
from training.data.folds import Split, time_series_split
from training.data.immature_seasonal_features import mask_features
from training.models.bundle import write_bundle
from training.models.families import NAMES
from training.search.candidate import Candidate, fit_candidate
from training.search.reproduction import (
    NEEDED,
    ReproductionError,
    matured_parameters,
    reproduce,
    reproduction_parameters,
)

DATES = monthly(date(1997, 1, 1), date(1997, 10, 1))
SPLIT = time_series_split(DATES, timedelta(days=60), out_of_time=1, folds=2, calibration=2)
DEVELOPMENT = frame(DATES).at(SPLIT.development)
FEATURES = [feature("days_since_last"), feature("sum", measure="minutes"), feature("count")]
PARAMS: dict[str, dict[str, Any]] = {
    "recency": {"recency": 0},
    "logistic": {"C": 0.037},
    "catboost": {"iterations": 20, "learning_rate": 0.1 + 0.2, "thread_count": 1},
    "xgboost": {"rounds": 20, "eta": 1 / 3, "subsample": 0.77, "nthread": 1},
}


def fit(name: str) -> Candidate:
    return fit_candidate(name, PARAMS.get(name, {}), DEVELOPMENT, SPLIT, seed=7)


def logged(candidate: Candidate) -> dict[str, str]:
    """As MLflow gives parameters back."""
    return {
        name: str(value)
        for name, value in reproduction_parameters(candidate, DEVELOPMENT.digest(), SPLIT, 7, ()).items()
    }


def files(folder: Path, candidate: Candidate) -> dict[str, bytes]:
    write_bundle(folder, candidate, FEATURES, {"code": "c1"})
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", NAMES)
def test_the_logged_parameters_give_the_same_bundle_byte_for_byte(name: str, tmp_path: Path):
    fitted = fit(name)
    repeated = reproduce(logged(fitted), DEVELOPMENT)
    assert files(tmp_path / "first", fitted) == files(tmp_path / "repeated", repeated)


@pytest.mark.parametrize("changed", ["model_params", "seed", "calibration_snapshots"])
def test_each_parameter_matters(changed: str):
    fitted = fit("xgboost")
    other = {"model_params": '{"rounds": 21}', "seed": "8", "calibration_snapshots": "3"}[changed]
    repeated = reproduce({**logged(fitted), changed: other}, DEVELOPMENT)
    assert (repeated.probability(DEVELOPMENT.rows) != fitted.probability(DEVELOPMENT.rows)).any()


def test_a_refit_leaves_out_the_same_features():
    seen = mask_features(DEVELOPMENT, [DEVELOPMENT.names[0]])
    fitted = fit_candidate("logistic", {}, seen, SPLIT, seed=7)
    text = {
        name: str(value)
        for name, value in reproduction_parameters(fitted, seen.digest(), SPLIT, 7, [seen.names[0]]).items()
    }
    assert (reproduce(text, DEVELOPMENT).probability(seen.rows) == fitted.probability(seen.rows)).all()


def test_the_registered_model_of_a_refit_comes_from_all_matured_rows():
    every = mask_features(frame(DATES), [DEVELOPMENT.names[2]])
    split = Split(every.dates, (), (), SPLIT.calibration)
    fitted = fit_candidate("logistic", {}, every, split, seed=7)
    text = logged(fitted) | matured_parameters(every.digest(), [every.names[2]])
    assert (reproduce(text, frame(DATES)).probability(every.rows) == fitted.probability(every.rows)).all()
    assert (reproduce(text, DEVELOPMENT).probability(every.rows) != fitted.probability(every.rows)).any()


def test_other_rows_are_refused():
    other = replace(DEVELOPMENT, labels=1 - DEVELOPMENT.labels)
    with pytest.raises(ReproductionError, match=f"was fitted on {DEVELOPMENT.digest()[:16]}") as caught:
        reproduce(logged(fit("recency")), other)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("name", NEEDED)
def test_a_run_without_a_parameter_is_an_error(name: str):
    params = logged(fit("recency"))
    del params[name]
    with pytest.raises(ReproductionError, match=f"has no parameter {name}:") as caught:
        reproduce(params, DEVELOPMENT)
    assert is_one_sentence(caught.value)
