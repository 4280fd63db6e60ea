"""Raw exports to typed tables; what is malformed is kept aside with its reason and counted."""

from lake.drops import TRUTH, readable
from lake.identity import register
from lake.ingest import Ingested, ingest
from lake.source import Begins, Column, Identity, Source
from lake.surprises import surprises
from lake.table import Coverage, Table, UnknownTableError

__all__ = [
    "TRUTH",
    "Begins",
    "Column",
    "Coverage",
    "Identity",
    "Ingested",
    "Source",
    "Table",
    "UnknownTableError",
    "ingest",
    "readable",
    "register",
    "surprises",
]
