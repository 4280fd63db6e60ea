"""Assignments, the outbox, reactions, closed channels, prices and measured lift."""

from migrations.revision import run_sql

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Create what is missing."""
    run_sql("0003_actions")
