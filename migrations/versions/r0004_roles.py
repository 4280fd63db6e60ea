"""Roles of marketing, BI and the administrator, views of the history without people, and comments on columns."""

from migrations.revision import run_sql

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    """Create what is missing."""
    run_sql("0004_roles")
