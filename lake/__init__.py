"""Raw exports to typed tables; what is malformed is kept aside with its reason and counted."""

from lake.ingest import Ingested, ingest
from lake.source import Column, Source
from lake.table import Coverage, Table, UnknownTableError

__all__ = ["Column", "Coverage", "Ingested", "Source", "Table", "UnknownTableError", "ingest"]
