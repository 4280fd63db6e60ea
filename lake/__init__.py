"""Raw exports to typed tables; what is malformed is kept aside with its reason and counted."""

from lake.anomalies import surprises
from lake.dialect import PRESETS, Dialect
from lake.identity import base, view_sql
from lake.ingest.ingest import Ingested, ingest
from lake.ingest.raw_files import TRUTH
from lake.ingest.reader import open_raw
from lake.source import Begins, Column, Constant, Identity, Lookup, Source
from lake.table import Coverage, Mark, Table, UnknownTableError

__all__ = [
    "PRESETS",
    "TRUTH",
    "Begins",
    "Column",
    "Constant",
    "Coverage",
    "Dialect",
    "Identity",
    "Ingested",
    "Lookup",
    "Mark",
    "Source",
    "Table",
    "UnknownTableError",
    "base",
    "ingest",
    "open_raw",
    "surprises",
    "view_sql",
]
