"""Volumes of sources and retention by cohort, for the dashboards."""

from migrations.revision import run_sql

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    """Create what is missing."""
    run_sql("0008_page_tables")
