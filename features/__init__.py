"""Declared features: one list of declarations, one plan, the same for training, scoring and backfill."""

from features.cohorts import CohortCell, count_cohorts
from features.compile.contract_sql import contract_sql
from features.compile.grid import Grid
from features.compile.label_sql import label_sql
from features.compile.plan import snapshot_sql
from features.declare.contract import Contract
from features.declare.feature import ALL, Ahead, Feature
from features.declare.label import (
    AccessEnds,
    Label,
    NoEvent,
    NoFirstCharge,
    Population,
    Stated,
)
from features.declare.precomputed_table import OWNER_STATEMENT, ReadyTable, TableFeature
from features.declare.snapshot_spec import SnapshotSpec
from features.dictionary import dictionary_page
from features.precomputed_snapshots import PrecomputedSnapshots
from features.snapshots import Snapshots, monthly
from stack.engines.duckdb_engine import DuckEngine
from stack.engines.engine import Engine
from stack.engines.spark_engine import SparkEngine

__all__ = [
    "ALL",
    "OWNER_STATEMENT",
    "AccessEnds",
    "Ahead",
    "CohortCell",
    "Contract",
    "DuckEngine",
    "Engine",
    "Feature",
    "Grid",
    "Label",
    "NoEvent",
    "NoFirstCharge",
    "Population",
    "PrecomputedSnapshots",
    "ReadyTable",
    "SnapshotSpec",
    "Snapshots",
    "SparkEngine",
    "Stated",
    "TableFeature",
    "contract_sql",
    "count_cohorts",
    "dictionary_page",
    "label_sql",
    "monthly",
    "snapshot_sql",
]
