"""A yearly term is not trusted before a year was seen: a curve through eight months tells nothing of the other four."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from features import Feature
from features.declare import calendar
from training.data.frame import Frame

#: monthly snapshots, so that the first month is seen a second time.
MONTHS = 13


def untrusted(features: Sequence[Feature], fit: Sequence[date]) -> tuple[str, ...]:
    """Names of the features that come back once a year, if the fitted dates span fewer than 13 months.

    Args:
        features: of the project.
        fit: snapshot dates in order, both ends counting as months.
    """
    first, last = fit[0], fit[-1]
    if (last.year - first.year) * 12 + last.month - first.month + 1 >= MONTHS:
        return ()
    return tuple(one.name for one in features if one.source == "calendar" and one.measure in calendar.YEARLY)


def without(frame: Frame, names: Sequence[str]) -> Frame:
    """The frame with these features null in every row: no family can learn from a column that never varies."""
    if not names:
        return frame
    rows = frame.rows.copy()
    rows[:, np.isin(frame.names, list(names))] = np.nan
    return replace(frame, rows=rows)
