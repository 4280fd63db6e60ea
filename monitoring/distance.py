"""Distance between the features of two sets of rows, and its p-value.

Evidently measures the population stability index (PSI) and the Kolmogorov-Smirnov test. It drops nulls, so the share of
nulls is compared separately; a feature without any value in one of the sets has only that second distance.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

#: suffix of a feature's name where its share of nulls is compared.
NULLS = ":null_share"


def distances(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, float]:
    """PSI by feature, and difference of the shares of nulls by feature and `:null_share` unless it is 0."""
    from evidently.legacy.calculations.stattests import psi_stat_test

    values = {name: _score(psi_stat_test, before, now) for name, before, now in _values(reference, current)}
    shares = (current.isna().mean() - reference.isna().mean()).abs()
    return values | {f"{name}{NULLS}": float(share) for name, share in shares.items() if share > 0}


def p_values(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, float]:
    """The p-value of each of the distances.

    The two-sample Kolmogorov-Smirnov test for values, which is conservative with many ties; the chi-squared test of two
    proportions for shares of nulls. Rows count as independent.
    """
    from evidently.legacy.calculations.stattests import ks_stat_test

    values = {name: _score(ks_stat_test, before, now) for name, before, now in _values(reference, current)}
    nulls = zip(reference.columns, reference.isna().sum(), current.isna().sum(), strict=True)
    shares = {
        f"{name}{NULLS}": _proportions_p_value(before, len(reference), now, len(current))
        for name, before, now in nulls
        if before * len(current) != now * len(reference)
    }
    return values | shares


def comparable_features(reference: pd.DataFrame, current: pd.DataFrame) -> list[str]:
    """Features that have a value in both sets."""
    return [str(name) for name in reference if reference[name].notna().any() and current[name].notna().any()]


def _values(reference: pd.DataFrame, current: pd.DataFrame) -> Iterator[tuple[str, pd.Series, pd.Series]]:
    for name in comparable_features(reference, current):
        yield name, reference[name].dropna(), current[name].dropna()


def _score(test: Any, before: pd.Series, now: pd.Series) -> float:
    from evidently.legacy.core import ColumnType

    # The type is explicit: evidently takes integers with few values for categories and returns a p-value as distance.
    return float(test(before, now, ColumnType.Numerical, None).drift_score)


def _proportions_p_value(before: int, rows_before: int, now: int, rows_now: int) -> float:
    from scipy.stats import chi2_contingency

    table = [[before, rows_before - before], [now, rows_now - now]]
    return float(chi2_contingency(table, correction=False).pvalue)
