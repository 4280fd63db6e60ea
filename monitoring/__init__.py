"""Drift, quality once labels mature, and the sentences that call a person."""

from monitoring.drift import Drift, drift
from monitoring.quality import Quality, quality
from monitoring.skew import days_to_compare, skew
from monitoring.tables import store_drift, store_quality

__all__ = ["Drift", "Quality", "days_to_compare", "drift", "quality", "skew", "store_drift", "store_quality"]
