"""What the data dictionary says of a feature's values."""

import numpy as np

from jobs.dictionary import QUANTILES_HEADING, figures_of

PEOPLE = np.arange(2001)
LEFT = (PEOPLE > 1000).astype(int)


def test_nulls_quantiles_and_what_it_says_alone():
    values = np.where(PEOPLE < 100, np.nan, -PEOPLE)
    assert figures_of(values, LEFT, PEOPLE) == {
        "null": "5.0%",
        QUANTILES_HEADING: "-1905 · -1525 · -1050 · -575 · -195",
        "AUC alone": "1.000 ± 0.000 low",
    }


def test_what_is_said_of_noise_is_no_direction():
    noise = np.random.default_rng(3).random(2001)
    assert figures_of(noise, LEFT, PEOPLE)["AUC alone"].split()[-1].startswith("0.")


def test_a_feature_without_any_value_has_no_figures_but_its_nulls():
    assert figures_of(np.full(2001, np.nan), LEFT, PEOPLE) == {"null": "100.0%", QUANTILES_HEADING: "", "AUC alone": ""}
