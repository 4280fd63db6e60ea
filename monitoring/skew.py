"""Training/serving skew: are the features that scores were made of those that a backfill gives today?"""

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from training import Finding, blind

#: how far back a logged day is looked for.
DAYS = 28


def days_to_compare(logged: Sequence[date], today: date) -> list[date]:
    """The latest logged day before today and the earliest of the last four weeks; none on the first day."""
    recent = [day for day in logged if today - timedelta(days=DAYS) <= day < today]
    return sorted({recent[0], recent[-1]}) if recent else []


def skew(logged: pd.DataFrame, backfilled: pd.DataFrame, entity: str, names: Sequence[str]) -> Finding:
    """Compare a sample of a scored day, bit by bit.

    Args:
        logged: the rows as they were scored.
        backfilled: the snapshot of that day made now.
        entity: the key column.
        names: the features declared now; of those only what was logged too can be compared.
    """
    kept = [entity, "population", *(name for name in names if name in logged.columns)]
    same = backfilled[backfilled[entity].isin(logged[entity])]
    return blind("backfill", logged[kept], same[kept], [entity])
