"""Yearly features need a year of history: a fit on eight months says nothing about the other four."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from features import Feature
from features.declare import calendar
from training.data.frame import Frame

#: months of history, so that the first month occurs twice.
MONTHS = 13


def immature_seasonal_features(features: Sequence[Feature], fit: Sequence[date]) -> tuple[str, ...]:
    """Names of the yearly features, if the dates of the fit span fewer than 13 months; else empty.

    Args:
        features: of the project.
        fit: snapshot dates in order, both ends counting as months.
    """
    first, last = fit[0], fit[-1]
    if (last.year - first.year) * 12 + last.month - first.month + 1 >= MONTHS:
        return ()
    return tuple(
        feature.name for feature in features if feature.source == "calendar" and feature.measure in calendar.YEARLY
    )


def mask_features(frame: Frame, names: Sequence[str]) -> Frame:
    """Set these features to null in every row; no family learns from a column that never varies."""
    if not names:
        return frame
    rows = frame.rows.copy()
    rows[:, np.isin(frame.names, list(names))] = np.nan
    return replace(frame, rows=rows)
