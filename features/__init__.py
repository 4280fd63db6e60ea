"""Declared features: one list of declarations, one plan, the same for training, scoring and backfill."""

from features.dictionary import dictionary_page
from features.feature import ALL, Feature
from features.label import NoEvent, Population
from features.plan import label_sql, snapshot_sql
from features.snapshots import Snapshots, SnapshotSpec, monthly

__all__ = [
    "ALL",
    "Feature",
    "NoEvent",
    "Population",
    "SnapshotSpec",
    "Snapshots",
    "dictionary_page",
    "label_sql",
    "monthly",
    "snapshot_sql",
]
