"""The role of the dashboards."""

from migrations.revision import run_sql

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    """Create what is missing."""
    run_sql("0004_dashboards")
