"""Declared features: one list of declarations, one plan, the same for training, scoring and backfill."""

from features.contract import Contract
from features.contract_sql import contract_sql
from features.dictionary import dictionary_page
from features.duck_engine import DuckEngine
from features.engine import Engine
from features.feature import ALL, Ahead, Feature
from features.grid import Grid
from features.label import AccessEnds, Label, NoEvent, NoFirstCharge, Population, Stated
from features.label_sql import label_sql
from features.plan import snapshot_sql
from features.ready import OWNERS_WORD, ReadyTable, TableFeature
from features.snapshots import Snapshots, monthly
from features.spark_engine import SparkEngine
from features.spec import SnapshotSpec
from features.table_snapshots import TableSnapshots

__all__ = [
    "ALL",
    "OWNERS_WORD",
    "AccessEnds",
    "Ahead",
    "Contract",
    "DuckEngine",
    "Engine",
    "Feature",
    "Grid",
    "Label",
    "NoEvent",
    "NoFirstCharge",
    "Population",
    "ReadyTable",
    "SnapshotSpec",
    "Snapshots",
    "SparkEngine",
    "Stated",
    "TableFeature",
    "TableSnapshots",
    "contract_sql",
    "dictionary_page",
    "label_sql",
    "monthly",
    "snapshot_sql",
]
