"""The owner's function that removes old scores, plans, runs and measurements of a project."""

from migrations.revision import run_sql

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    """Create the function."""
    run_sql("0010_retention")
