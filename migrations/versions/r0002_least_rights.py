"""Steps lose the owner's rights: a mover for the ledger, and functions for what a step must create."""

from migrations.revision import run_sql

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Create the role of the mover and the functions that run with the owner's rights."""
    run_sql("0002_functions")
