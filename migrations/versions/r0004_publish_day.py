"""Functions with which a day's rows are copied into a table of their own and attached."""

from migrations.revision import run_sql

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    """Create the functions."""
    run_sql("0004_publish_day")
