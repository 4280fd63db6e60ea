"""The role of the dashboards."""

from migrations.revision import run_sql

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    """Create what is missing."""
    run_sql("0005_dashboards")
