"""What readers get: sentences, pictures, a page, and how contacts change the quality of scores."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from actions.lift.label_influence import influence_metrics, measure_influence
from actions.lift.measure.estimate import PLAIN, LiftEstimate
from actions.lift.measure.lift_row import BETTER, CAMPAIGN_CONTROL, HARMED, NO_DIFFERENCE, LiftRow
from actions.lift.measure.verdict import verdict
from actions.lift.report.page import NO_GLOBAL_CONTROL, LiftPage
from actions.lift.report.pictures import lift_gallery
from registry.review_page.html import as_html
from tests.unit.actions.lift.campaigns import campaign, measured, together, waiting, with_global_control
from training import Contacts, pngs


def row(value: float, low: float, high: float, p_value: float = 0.01, treated: int = 1_000) -> LiftRow:
    estimate = LiftEstimate(value, low, high, 0.0075, p_value, 0.9 + value, 0.9, PLAIN)
    key = ("c1", "all", "all", CAMPAIGN_CONTROL)
    return LiftRow(*key, date(2026, 11, 2), treated, 500, 4_000.0, 1_000.0, estimate, p_value)


@pytest.mark.parametrize(
    ("measured_row", "conclusion", "sentence"),
    [
        (row(0.038, 0.012, 0.064), BETTER, "kept 38 more people than control (95% interval 12 to 64)"),
        (row(0.001, 0.0002, 0.002), BETTER, "kept 1 more person than control (95% interval 0.2 to 2)"),
        (row(-0.02, -0.035, -0.005), HARMED, "harmed: kept 20 fewer people than control (95% interval 5 to 35)"),
        (
            row(0.01, -0.005, 0.025, 0.2),
            NO_DIFFERENCE,
            "no difference seen; the smallest that this campaign could show is 2.1 points",
        ),
        (
            replace(row(0.02, 0.001, 0.04, 0.04), segment="tenure (below 90)", adjusted_p_value=0.2),
            NO_DIFFERENCE,
            "no sure difference, as so many groups were compared; the smallest that this group could show is "
            "2.1 points",
        ),
        (replace(row(0, 0, 0), estimate=None, control=7), "too few people",
         "too few people: 1,000 treated and 7 in control, at least 20 each are needed"),
        (replace(row(0, 0, 0), estimate=None, pending=1_500), "not known yet", "known on 2026-11-02"),
    ],
    ids=str,
)  # fmt: skip
def test_every_conclusion_is_a_sentence(measured_row: LiftRow, conclusion: str, sentence: str):
    assert (measured_row.conclusion, verdict(measured_row)) == (conclusion, sentence)


def test_money_is_the_value_of_the_people_kept_minus_the_cost():
    assert row(0.038, 0.012, 0.064).money == pytest.approx((34_000, 8_000, 60_000))


def test_pictures_show_campaigns_money_actions_and_segments():
    rows = measured(together(campaign(2_000), campaign(2_000, name="c2", prefix="v")), waiting("new"))
    pictures = pngs(lift_gallery(rows, "rubles"))
    assert list(pictures) == ["lift_by_campaign", "money_by_campaign", "lift_by_action", "lift_by_segment"]
    assert all(png.startswith(b"\x89PNG") for png in pictures.values())


def test_nothing_measured_gives_no_picture():
    rows = [each for each in measured(campaign(2_000), waiting("new")) if each.campaign == "new"]
    assert list(lift_gallery(rows, "rubles")) == []


def page_of(rows: list[LiftRow], *influence: str) -> str:
    page = LiftPage("shop", date(2026, 6, 1), rows, "rubles", "assumed", influence)
    return as_html(page.page({"lift_by_campaign": b"png"}))


def test_the_page_has_every_campaign_with_its_verdict():
    rows = measured(with_global_control(campaign(20_000, lift=0.05, name="<c1>")), waiting("new"))
    text = page_of(rows, "A fact about labels.")
    for words in ("Lift: shop, measured on 2026-06-01", "&lt;c1&gt;", "more people than control", "2026-11-02",
                  "A fact about labels.", "money, rubles", "data:image/png"):  # fmt: skip
        assert words in text
    assert NO_GLOBAL_CONTROL not in text
    assert "<c1>" not in text


def test_the_page_says_that_nobody_of_the_global_control_group_was_assigned():
    assert NO_GLOBAL_CONTROL in page_of(measured(campaign(2_000)))


def test_the_page_of_a_project_without_matured_labels_says_so():
    rows = [each for each in measured(campaign(2_000), waiting("new")) if each.campaign == "new"]
    assert "No campaign has matured labels yet." in page_of(rows)


def test_quality_is_measured_with_and_without_contacted_people():
    random, count = np.random.default_rng(0), 4_000
    people = np.array([f"u{number}" for number in range(count)], dtype=object)
    score, is_contacted = random.random(count), np.arange(count) < 1_000
    label = np.where(is_contacted, random.random(count) < 0.5, random.random(count) < score).astype(int)
    scores = pd.DataFrame({"entity": people, "as_of": pd.Timestamp("2026-03-01"), "population": "paid",
                           "churn_probability": score, "label": label})  # fmt: skip
    contacts = Contacts(people[is_contacted], np.full(1_000, np.datetime64("2026-03-10")))
    (influence,) = measure_influence(scores, contacts, timedelta(days=32))
    assert (influence.rows, influence.contacted) == (count, 1_000)
    assert influence.auc_without_contacted > influence.auc + 0.05
    assert set(influence_metrics([influence])) == {"paid_contacted_share", "paid_auc", "paid_auc_without_contacted"}
    assert "1,000 are of people whom we contacted" in influence.sentence


def test_too_few_people_have_no_quality():
    scores = pd.DataFrame({"entity": ["a"], "as_of": pd.Timestamp("2026-03-01"), "population": "paid",
                           "churn_probability": 0.5, "label": 1})  # fmt: skip
    nobody = Contacts(np.empty(0, dtype=object), np.empty(0, dtype="datetime64[D]"))
    (influence,) = measure_influence(scores, nobody, timedelta(days=32))
    assert np.isnan(influence.auc)
    assert influence_metrics([influence]) == {"paid_contacted_share": 0.0}
