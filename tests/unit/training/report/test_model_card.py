"""A model's card holds what its evidence holds, shows foreign text as it is, and fits into the registry."""

from typing import Any

import pytest

from features import OWNER_STATEMENT
from stack.markdown import escape
from tests.unit.builders import REFIT, by_entity, evidence
from training.report.model_card import MAX_DESCRIPTION, description, model_card

ABOUT = {
    "project": "shop",
    "who": "customers who bought in the last 180 days",
    "label": {"description": "no row in `visits` in [as_of, as_of + 90 days)", "horizon_days": 90, "grace_days": 2},
    "code": "c0de",
    "commit": "0123456789abcdef",
    "packages": {"xgboost-cpu": "3.2.0"},
    "reasons": [
        {"reason": "Comes rarely", "share": 0.625, "first": 0.4},
        {"reason": "Spends <little> | on a_b", "share": 0.375, "first": 0.1},
    ],
    "reasons_stability": {"top_same": 0.912, "rank_correlation": 0.95, "rows": 5000, "changed": "by another seed"},
}
DATA = {"data__calibration": ["1997-06-01"], "data__development_rows": 40_000, "data__out_of_time_digest": "f" * 64}


def card(**changes: Any) -> str:
    """Of the evidence with these changes; columns without the space that keeps them apart."""
    return model_card({**evidence(**{**DATA, **changes}), **ABOUT}, {"depth": 4, "eta": 0.1}).replace("&ensp;", "")


@pytest.mark.parametrize(
    "line",
    [
        r"# Model card: shop\_churn",
        "To leave means: no row in visits in \\[as\\_of, as\\_of + 90 days); it is known after 92 days.",
        "| development | 1997-05-01 to 1997-06-01 (2) | 40,000 | `0123456789abcdef` |",
        "| out of time | 1998-03-01 to 1998-04-01 (2) | 10,000 | `ffffffffffffffff` |",
        "| ROC-AUC | 0.7800 (0.7700 to 0.7900) |",
        "| log-loss | 0.5200 (0.5000 to 0.5400) |",
        "| expected calibration error | 0.0200 (0.0100 to 0.0300) |",
        "| calibration slope | 1.03 (0.97 to 1.09) |",
        "- against recency: +0.0500 (+0.0400 to +0.0600) of ROC-AUC, better (95% confidence)",
        "- Fitted on 2 snapshots, less than 13 months: it cannot learn seasons.",
        "| Comes rarely | 62.5% | 40.0% |",
        r"| Spends &lt;little&gt; \| on a\_b | 37.5% | 10.0% |",
        "- family catboost; parameters: depth 4, eta 0.1",
        "- code `c0de`, commit 0123456789ab",
        "- xgboost-cpu 3.2.0",
    ],
)
def test_the_card_holds_what_the_evidence_holds(line: str):
    assert line in card().splitlines()


def test_the_card_says_which_model_was_judged_and_which_is_registered():
    lines = card(refit=REFIT).splitlines()
    assert "All figures are of the judged model." in lines
    assert "| rank correlation on 1998-07-01 | 0.950 |" in lines
    assert "| mean probability, judged and registered | 0.6000, 0.6100 |" in lines
    assert "Judged and registered" not in card()


def test_the_card_shows_the_stability_of_the_reasons():
    text = card()
    assert "When fitted again by another seed, 91.2% of 5,000 rows keep their first reason;" in text
    assert "the rank correlation of reasons is 0.950 (Spearman)." in text


@pytest.mark.parametrize(
    ("low", "high", "expected_text"),
    [
        (0.01, 0.02, "better (95% confidence)"),
        (-0.01, 0.02, "no significant difference"),
        (-0.02, -0.01, "worse (95% confidence)"),
    ],
)
def test_a_difference_is_called_sure_only_if_its_interval_excludes_zero(low: float, high: float, expected_text: str):
    gap = {"value": (low + high) / 2, "low": low, "high": high}
    assert f"of ROC-AUC, {expected_text}" in card(baselines={"recency": gap})


def test_a_contract_adds_how_they_left_and_the_figures_of_the_undecided():
    text = card(
        data__left_voluntary=4000, data__left_involuntary=2000, data__already_left_share=0.081,
        metrics_undecided={"auc": {"value": 0.7, "low": 0.68, "high": 0.72}},
    )  # fmt: skip
    assert "Of those who left, 4,000 did so by choice and 2,000 because a payment failed." in text
    assert "| ROC-AUC | 0.7800 (0.7700 to 0.7900) | 0.7000 (0.6800 to 0.7200) |" in text
    assert "- 8.1% of the rows had auto-renewal off" in text
    assert "auto-renewal off" not in card()


def test_a_card_of_a_stratified_holdout_says_that_it_is_not_out_of_time():
    about = {name.removeprefix("data__"): value for name, value in DATA.items()} | {"calibration": ["part 2"]}
    evidence_file = by_entity(**about, point_in_time=OWNER_STATEMENT)
    text = model_card({**evidence_file, **ABOUT}, {}).replace("&ensp;", "")
    assert "Calibrated on part 2; validated by entity, not out of time. 6,000 of 10,000 held-out rows left." in text
    assert "| held out | part 9 to part 10 (2) | 10,000 | `ffffffffffffffff` |" in text
    assert "## Figures, held out" in text
    assert "- Validated by entity, not out of time: tested on other people of the same day." in text
    assert escape(OWNER_STATEMENT) in text
    assert not [word for word in ("embargo", "season", "| out of time") if word in text]
    assert escape(OWNER_STATEMENT) not in card()


def test_months_and_slices_are_listed_and_small_ones_have_too_few_rows():
    auc, gap = {"value": 0.7, "low": 0.68, "high": 0.72}, {"value": -0.01, "low": -0.02, "high": 0.0}
    month = {"as_of": "1998-03-01", "rows": 5000, "left": 3000, "metrics": {"auc": auc, "calibration_gap": gap}}
    slices = [
        {"slice": "tenure", "range": "below 90", "rows": 1000, "left": 600, "auc": auc, "calibration_gap": gap},
        {"slice": "tenure", "range": "90 and more", "rows": 20, "left": 1, "sentence": "Too few."},
    ]
    text = card(months=[month], slices=slices).splitlines()
    assert "| date: 1998-03-01 | 5,000 | 3,000 | 0.700 (0.680 to 0.720) | -0.010 (-0.020 to 0.000) |" in text
    assert "| tenure: below 90 | 1,000 | 600 | 0.700 (0.680 to 0.720) | -0.010 (-0.020 to 0.000) |" in text
    assert "| tenure: 90 and more | 20 | 1 | too few | too few |" in text
    assert "## Slices" not in card(slices=[])


def test_a_check_that_did_not_pass_is_a_limit():
    leaks = [
        {"check": "order", "passed": True, "sentence": "The order tells nothing."},
        {"check": "single_feature", "passed": False, "sentence": "days_ahead alone has 0.970."},
    ]
    text = card(leaks=leaks)
    assert r"- Leakage check single\_feature failed: days\_ahead alone has 0.970." in text.splitlines()
    assert "The order tells nothing" not in text


def test_a_year_and_a_month_of_snapshots_may_know_a_season():
    dates = [f"2025-{month:02d}-01" for month in range(1, 13)] + ["2026-01-01"]
    assert "season" in card(data__development=dates[1:])
    assert "it cannot learn seasons" not in card(data__development=dates)


def test_a_card_that_fits_is_the_versions_description():
    assert description(card()) == card()
    assert len(card()) < MAX_DESCRIPTION


def test_a_long_card_is_shortened_by_whole_sections():
    long = "# Title\n\n## One\n\nshort\n\n## Two\n\n" + "x" * MAX_DESCRIPTION
    remaining = description(long)
    assert remaining == "# Title\n\n## One\n\nshort\n\nThe rest is in `model_card.md` of the version's run.\n"
    assert len(description("y" * (2 * MAX_DESCRIPTION))) <= MAX_DESCRIPTION
