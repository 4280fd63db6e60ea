"""Tables of the rollups of an online shop."""

from migrations.revision import run_sql

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    """Create what is missing."""
    run_sql("0006_telemetry")
