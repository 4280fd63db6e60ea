"""Every picture is drawn, whatever the model: its words are the declarations', and nothing falls out of it."""

import io
import warnings
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from features import Feature
from tests.unit.builders import feature, frame
from training.data.frame import Frame
from training.evaluate.reason_stability import attribution
from training.models.fit import fit_family
from training.report.driver_pictures import (
    dependence_picture,
    features_picture,
    reasons_picture,
    running_median,
)
from training.report.driver_tree import tree_picture
from training.report.gallery import gallery
from training.search.candidate import Candidate

FRAME = frame([date(1997, 5, 1), date(1997, 6, 1)])
FEATURES = [
    feature("days_since_last", unit="days", reason="Silent for $5 or $6", description="days since the last visit"),
    feature("sum", measure="minutes", unit="minutes", reason="Spends little", description="minutes in all"),
    feature("count", description="visits in all"),
]
PARAMS: dict[str, dict[str, Any]] = {"recency": {"recency": 0}, "xgboost": {"rounds": 20, "nthread": 1}}


def fit(rows: Frame, name: str = "xgboost") -> Candidate:
    native = fit_family(name, rows.rows, rows.labels, PARAMS.get(name, {}), 7)
    return Candidate(name, {}, native, {"slope": 1.0, "intercept": 0.0}, ())


def only(column: int) -> Frame:
    return replace(FRAME, names=FRAME.names[column : column + 1], rows=FRAME.rows[:, [column]])


#: everybody has the same values, and nobody one of the second feature.
ALL_ALIKE = replace(FRAME, rows=np.where(np.arange(3) == 1, np.nan, np.ones_like(FRAME.rows)))


def texts(figure: Any) -> list[str]:
    from matplotlib.text import Text

    figure.draw_without_rendering()
    return [item.get_text() for item in figure.findobj(Text) if item.get_text()]


@pytest.mark.parametrize(
    ("rows", "features"),
    [
        pytest.param(only(0), FEATURES[:1], id="one feature"),
        pytest.param(ALL_ALIKE, FEATURES, id="a constant score, a feature all null"),
    ],
)
def test_all_pictures_are_drawn_without_a_warning(rows: Frame, features: list[Feature]):
    candidates = [fit(rows, "recency"), fit(rows)]
    sentence = attribution(candidates[1], rows.rows, features)
    drawn = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, figure in gallery(candidates[1], candidates, rows, rows, sentence, features, seed=1):
            figure.savefig(drawn.setdefault(name, io.BytesIO()), format="png", dpi=40)
    assert len(drawn) <= 10
    assert all(picture.getvalue().startswith(b"\x89PNG") for picture in drawn.values())


def test_axes_carry_descriptions_and_units_and_no_column_names():
    sentence = attribution(fit(FRAME), FRAME.rows, FEATURES)
    expected_text = texts(dependence_picture(sentence, FRAME.rows, FEATURES)) + texts(
        features_picture(sentence, FEATURES)
    )
    assert "days since the last visit [days]" in expected_text
    assert "minutes in all [minutes]" in expected_text
    assert {"days since the last visit", "minutes in all", "visits in all"} <= set(expected_text)
    assert not {item.name for item in FEATURES} & set(" ".join(expected_text).split())
    assert "Silent for $5 or $6" in texts(reasons_picture(sentence))


def test_features_of_one_description_keep_a_bar_each():
    sentence = attribution(fit(FRAME), FRAME.rows, FEATURES)
    axes = features_picture(sentence, [FEATURES[0], FEATURES[1], FEATURES[1]]).axes[0]
    assert sorted({bar.get_y() + bar.get_height() / 2 for bar in axes.patches}) == [0, 1, 2]
    assert [item.get_text() for item in axes.get_yticklabels()].count("minutes in all") == 2


def test_a_curve_shows_the_share_of_nulls():
    sentence = attribution(fit(FRAME), FRAME.rows, FEATURES)
    share = np.isnan(FRAME.rows[:, 1]).mean()
    assert f"no value: {share:.0%} of rows" in texts(dependence_picture(sentence, FRAME.rows, FEATURES))


def test_the_running_median_is_that_of_each_group_of_values():
    value = np.repeat([0.0, 1.0, 2.0], 100)
    middle, median = running_median(value, np.concatenate([np.arange(100.0), np.full(100, 7.0), np.full(100, 9.0)]))
    assert middle.tolist() == [0, 1, 2]
    assert median.tolist() == [49.5, 7, 9]


def test_the_tree_shows_descriptions_and_its_r2():
    rows = np.column_stack([np.arange(100.0), np.zeros(100)])
    risk, labels = np.where(rows[:, 0] < 40, 0.1, 0.7), (np.arange(100) % 4 == 0).astype(int)
    expected_text = texts(tree_picture(risk, rows, labels, FEATURES[:2]))
    assert "days since the last visit\n≤ 39.5?" in expected_text
    assert "predicted 10.0%\nleft 25.0%\n40% of rows" in expected_text
    assert "predicted 70.0%\nleft 25.0%\n60% of rows" in expected_text
    assert any("R² 100%" in text for text in expected_text)


def test_the_tree_says_which_way_go_those_without_a_value():
    value = np.where(np.arange(100) < 50, np.nan, np.arange(100.0))
    risk = np.where(np.isnan(value) | (value < 60), 0.1, 0.7)
    expected_text = texts(tree_picture(risk, value[:, None], np.ones(100, dtype=int), FEATURES[:1]))
    assert any(text.endswith("or none?") for text in expected_text)


def test_the_tree_shows_a_binary_feature_without_threshold():
    monthly = (np.arange(100) < 30).astype(float)
    risk = np.where(monthly == 1, 0.6, 0.1)
    labels = np.where(monthly == 1, 1, 0)
    figure = tree_picture(risk, monthly[:, None], labels, [feature("count", description="contract is Month-to-month")])
    expected_text = texts(figure)
    assert "contract is Month-to-month?" in expected_text
    assert not [text for text in expected_text if "≤" in text]
    places = {text.get_text(): text.get_position()[0] for text in figure.axes[0].texts}
    yes, no = places["predicted 60.0%\nleft 100.0%\n30% of rows"], places["predicted 10.0%\nleft 0.0%\n70% of rows"]
    assert places["yes"] < places["no"], "yes is drawn on the left"
    assert yes < no


def test_a_feature_of_yes_and_no_is_drawn_as_two_points_without_a_slope():
    rows = replace(FRAME, rows=np.column_stack([FRAME.rows[:, 0] > 20, FRAME.rows[:, 1:]]).astype(float))
    sentence = attribution(fit(rows), rows.rows, FEATURES)
    axes = dependence_picture(sentence, rows.rows, FEATURES).axes
    ticks = [[label.get_text() for label in item.get_xticklabels()] for item in axes]
    assert ["no", "yes"] in ticks
    binary = axes[ticks.index(["no", "yes"])]
    assert not [line for line in binary.lines if len(line.get_xdata()) > 2], "no line joins the two"
