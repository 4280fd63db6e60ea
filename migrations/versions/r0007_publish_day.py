"""Functions with which a day's rows are copied into a table of their own and attached."""

from migrations.revision import run_sql

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    """Create the functions."""
    run_sql("0007_publish_day")
