"""Drift of features, quality of scores with matured labels, training/serving skew, canary checks, alerts."""

from monitoring.alerts import drift_alerts, normal_range_sentence
from monitoring.canary import CANARY, CanaryResult, CanaryTarget, score_with_canary
from monitoring.drift import FeatureDrift, baseline_dates, measure_drift, normal_ranges, write_report
from monitoring.monitor import Monitor, MonitoringResult
from monitoring.quality import ScoreQuality, measure_quality
from monitoring.skew import days_to_compare, measure_skew
from monitoring.tables import store_drift, store_quality

__all__ = [
    "CANARY",
    "CanaryResult",
    "CanaryTarget",
    "FeatureDrift",
    "Monitor",
    "MonitoringResult",
    "ScoreQuality",
    "baseline_dates",
    "days_to_compare",
    "drift_alerts",
    "measure_drift",
    "measure_quality",
    "measure_skew",
    "normal_range_sentence",
    "normal_ranges",
    "score_with_canary",
    "store_drift",
    "store_quality",
    "write_report",
]
