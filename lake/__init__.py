"""Raw exports to typed tables; what is malformed is kept aside with its reason and counted."""

from lake.drops import TRUTH, readable
from lake.identity import base, view_sql
from lake.ingest import Ingested, ingest
from lake.source import Begins, Column, Constant, Identity, Lookup, Source
from lake.surprises import surprises
from lake.table import Coverage, Mark, Table, UnknownTableError

__all__ = [
    "TRUTH",
    "Begins",
    "Column",
    "Constant",
    "Coverage",
    "Identity",
    "Ingested",
    "Lookup",
    "Mark",
    "Source",
    "Table",
    "UnknownTableError",
    "base",
    "ingest",
    "readable",
    "surprises",
    "view_sql",
]
