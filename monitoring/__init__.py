"""Drift, quality once labels mature, and the sentences that call a person."""

from monitoring.alerts import drift_alerts, expected_sentence
from monitoring.canary import (
    WATCH,
    Guarded,
    Watch,
    guarded,
)
from monitoring.drift import Drift, drift, rehearsals, usual_distances, write_report
from monitoring.quality import Quality, quality
from monitoring.skew import days_to_compare, skew
from monitoring.tables import store_drift, store_quality

__all__ = [
    "WATCH",
    "Drift",
    "Guarded",
    "Quality",
    "Watch",
    "days_to_compare",
    "drift",
    "drift_alerts",
    "expected_sentence",
    "guarded",
    "quality",
    "rehearsals",
    "skew",
    "store_drift",
    "store_quality",
    "usual_distances",
    "write_report",
]
