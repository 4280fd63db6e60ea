"""The owner's function that removes old scores, plans, runs and measurements of a project."""

from migrations.revision import run_sql

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    """Create the function."""
    run_sql("0009_retention")
