"""Raw exports to typed tables; malformed rows go to quarantine with their reason, and are counted."""

from lake.anomalies import count_anomalies
from lake.column import Column, Constant
from lake.dialect import PRESETS, Dialect
from lake.dimension import Dimension
from lake.identity import base, view_sql
from lake.ingestion.ingest import Ingested, ingest
from lake.ingestion.raw_files import TRUTH
from lake.ingestion.text_lines import open_raw
from lake.references import Begins, Identity, Lookup
from lake.source import Source
from lake.table import Coverage, DayChecksum, Table, UnknownTableError

__all__ = [
    "PRESETS",
    "TRUTH",
    "Begins",
    "Column",
    "Constant",
    "Coverage",
    "DayChecksum",
    "Dialect",
    "Dimension",
    "Identity",
    "Ingested",
    "Lookup",
    "Source",
    "Table",
    "UnknownTableError",
    "base",
    "count_anomalies",
    "ingest",
    "open_raw",
    "view_sql",
]
