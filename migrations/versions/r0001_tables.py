"""The tables of the releases before migrations: made, or taken over as they are."""

from migrations.old_ledger import chain_rows, has_hashes
from migrations.revision import owner_connection, run_sql

revision, down_revision = "0001", None


def upgrade() -> None:
    """Create what is missing, chain the rows of a ledger without hashes, and protect the ledger."""
    connection = owner_connection()
    run_sql("0001_tables")
    if not has_hashes(connection):
        chain_rows(connection)
    run_sql("0001_protect_ledger")
    run_sql("0001_recorded_changes")
