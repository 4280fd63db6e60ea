"""How far the features of two sets of rows lie apart, and whether chance alone would do it.

Measured by evidently: the population stability index (PSI), and the Kolmogorov-Smirnov test. Evidently drops nulls,
so their share is compared apart; a feature without any value in one of the sets is left to that second measure.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

#: stands after a feature's name where its share of nulls is compared.
NULLS = ":null_share"


def distances(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, float]:
    """PSI by feature, and difference of the share of nulls by feature and `:null_share`, where there is any."""
    from evidently.legacy.calculations.stattests import psi_stat_test

    values = {name: _score(psi_stat_test, before, now) for name, before, now in _known(reference, current)}
    shares = (current.isna().mean() - reference.isna().mean()).abs()
    return values | {f"{name}{NULLS}": float(share) for name, share in shares.items() if share > 0}


def chances(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, float]:
    """For each of the distances, how probable one at least as large is if nothing moved.

    Values by the two-sample Kolmogorov-Smirnov test, which is cautious where many values are equal; shares of nulls by
    the chi-squared test of two proportions. Rows count as independent.
    """
    from evidently.legacy.calculations.stattests import ks_stat_test

    values = {name: _score(ks_stat_test, before, now) for name, before, now in _known(reference, current)}
    nulls = zip(reference.columns, reference.isna().sum(), current.isna().sum(), strict=True)
    shares = {
        f"{name}{NULLS}": _proportions(before, len(reference), now, len(current))
        for name, before, now in nulls
        if before * len(current) != now * len(reference)
    }
    return values | shares


def usable(reference: pd.DataFrame, current: pd.DataFrame) -> list[str]:
    """Features with a value in both."""
    return [str(name) for name in reference if reference[name].notna().any() and current[name].notna().any()]


def _known(reference: pd.DataFrame, current: pd.DataFrame) -> Iterator[tuple[str, pd.Series, pd.Series]]:
    for name in usable(reference, current):
        yield name, reference[name].dropna(), current[name].dropna()


def _score(test: Any, before: pd.Series, now: pd.Series) -> float:
    from evidently.legacy.core import ColumnType

    # Said, not guessed: evidently takes whole numbers of few values for categories, and gives a p-value for a distance.
    return float(test(before, now, ColumnType.Numerical, None).drift_score)


def _proportions(before: int, rows_before: int, now: int, rows_now: int) -> float:
    from scipy.stats import chi2_contingency

    table = [[before, rows_before - before], [now, rows_now - now]]
    return float(chi2_contingency(table, correction=False).pvalue)
