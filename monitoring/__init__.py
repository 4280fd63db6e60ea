"""Drift, quality once labels mature, and the sentences that call a person."""

from monitoring.drift import Drift, drift
from monitoring.quality import Quality, quality
from monitoring.tables import store_drift, store_quality

__all__ = ["Drift", "Quality", "drift", "quality", "store_drift", "store_quality"]
