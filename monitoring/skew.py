"""Training/serving skew: the logged features of an earlier day against a backfill of that day."""

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from training import LeakageCheck, blind

#: oldest logged day that is compared.
MAX_AGE_DAYS = 28


def days_to_compare(logged_days: Sequence[date], today: date) -> list[date]:
    """The latest logged day before today and the earliest of the last four weeks; none on the first day."""
    recent = [day for day in logged_days if today - timedelta(days=MAX_AGE_DAYS) <= day < today]
    return sorted({recent[0], recent[-1]}) if recent else []


def measure_skew(logged: pd.DataFrame, backfilled: pd.DataFrame, entity: str, names: Sequence[str]) -> LeakageCheck:
    """Compare the logged sample of a scored day with a backfill, bit by bit.

    Args:
        logged: the features as they were scored.
        backfilled: the snapshot of that day, computed now.
        entity: the key column.
        names: the features declared now; those that were not logged are left out.
    """
    columns = [entity, "population", *(name for name in names if name in logged.columns)]
    sample = backfilled[backfilled[entity].isin(logged[entity])]
    return blind("backfill", logged[columns], sample[columns], [entity])
