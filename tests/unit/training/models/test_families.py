"""What every model family promises, whatever it is inside."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stack.errors import PrichalError
from tests.unit.builders import frame, is_one_sentence
from training.models.families import NAMES, family
from training.models.fit import fit_family

TRAINING = frame([date(1997, 5, 1), date(1997, 6, 1), date(1997, 7, 1)])
SMALL: dict[str, dict[str, Any]] = {
    "recency": {"recency": 0},
    "logistic": {},
    "catboost": {"iterations": 30, "thread_count": 1},
    "xgboost": {"rounds": 30, "min_child_weight": 5, "nthread": 1},
}
UNSEEN = frame([date(1997, 12, 1)], seed=9).rows
#: of the margin's size; trees keep 32-bit floats.
EXACT = {"recency": 1e-9, "logistic": 1e-9, "catboost": 1e-4, "xgboost": 1e-4}

every_family = pytest.mark.parametrize("name", NAMES)


def fit(name: str, rows: NDArray[np.float64] = TRAINING.rows, **params: Any) -> Any:
    return fit_family(name, rows, TRAINING.labels, {**SMALL[name], **params}, 7)


@every_family
def test_a_saved_model_gives_the_same_margins_bit_for_bit(name: str, tmp_path: Path):
    native = fit(name)
    family(name).save(native, tmp_path)
    loaded = family(name).load(tmp_path)
    assert np.array_equal(family(name).margin(loaded, UNSEEN), family(name).margin(native, UNSEEN))
    assert np.array_equal(family(name).contributions(loaded, UNSEEN), family(name).contributions(native, UNSEEN))


@every_family
def test_contributions_and_a_constant_add_up_to_the_margin(name: str):
    native = fit(name)
    margin, added = family(name).margin(native, UNSEEN), family(name).contributions(native, UNSEEN)
    assert added.shape == UNSEEN.shape
    rest = margin - added.sum(axis=1)
    assert np.ptp(rest) <= EXACT[name] * np.abs(margin).max()
    assert np.ptp(margin) > 0.5


@every_family
def test_contributions_are_relative_to_the_average_row(name: str):
    native = fit(name)
    added = family(name).contributions(native, TRAINING.rows)
    # Trees average over their leaves, not over the rows.
    off = 1e-9 if family(name).BASELINE else 0.1
    assert np.abs(added.mean(axis=0)).max() < off * np.abs(added).max()


@every_family
def test_the_longer_the_silence_the_higher_the_risk(name: str):
    rows = np.tile(np.nanmedian(UNSEEN, axis=0), (2, 1))
    rows[:, 0] = [5.0, 180.0]
    short, long = family(name).margin(fit(name), rows)
    assert long > short + 0.5


@every_family
def test_null_is_a_value_that_can_be_fitted_and_scored(name: str):
    rows = TRAINING.rows.copy()
    rows[::3, 0] = np.nan
    rows[:, 2] = np.nan
    native = fit(name, rows)
    unseen = np.vstack([UNSEEN, np.full(UNSEEN.shape[1], np.nan)])
    assert np.isfinite(family(name).margin(native, unseen)).all()
    assert np.isfinite(family(name).contributions(native, unseen)).all()


@every_family
@pytest.mark.parametrize("value", [3.0, np.nan], ids=["one value", "null"])
def test_columns_that_never_vary_give_everybody_the_same_margin(name: str, value: float, tmp_path: Path):
    native = fit(name, np.full_like(TRAINING.rows, value))
    family(name).save(native, tmp_path)
    loaded = family(name).load(tmp_path)
    same = np.full((5, UNSEEN.shape[1]), value)
    margin = family(name).margin(loaded, same)
    assert np.isfinite(margin).all()
    assert np.ptp(margin) == 0
    assert np.array_equal(margin, family(name).margin(native, same))
    assert np.isfinite(family(name).contributions(loaded, same)).all()


@every_family
def test_numbers_beyond_what_was_fitted_still_have_a_margin(name: str):
    extremes = np.array([[0.0, 0.0, 0.0], [1e9, 1e9, 1e9], [1e-9, 1e-9, -1e9]])
    assert np.isfinite(family(name).margin(fit(name), extremes)).all()


@every_family
def test_equal_data_parameters_and_seed_give_equal_bytes(name: str, tmp_path: Path):
    written = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        family(name).save(fit(name), folder)
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1]


@every_family
def test_a_model_of_one_row_is_the_model_of_many(name: str):
    native = fit(name)
    single = np.concatenate([family(name).margin(native, row[None, :]) for row in UNSEEN[:20]])
    assert np.array_equal(single, family(name).margin(native, UNSEEN)[:20])


@every_family
def test_a_searched_parameter_is_one_that_the_fit_takes(name: str):
    from hyperopt.pyll.stochastic import sample

    rng = np.random.default_rng(0)
    params = {key: sample(value, rng) for key, value in family(name).space().items()}
    assert np.isfinite(family(name).margin(fit(name, **params), UNSEEN)).all()


def test_the_baselines_are_what_a_team_has_without_trees():
    assert [name for name in NAMES if family(name).BASELINE] == ["recency", "logistic"]


def test_null_counts_as_the_longest_silence_in_the_recency_baseline():
    native = fit("recency")
    rows = np.array([[np.nan, 0.0, 0.0], [TRAINING.rows[:, 0].max(), 0.0, 0.0]])
    unknown, longest = family("recency").margin(native, rows)
    assert unknown == longest


def test_an_unknown_family_is_an_error():
    with pytest.raises(PrichalError, match="Model family 'lightgbm' does not exist") as caught:
        family("lightgbm")
    assert is_one_sentence(caught.value)
