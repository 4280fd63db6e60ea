"""Erasure of people: salted hashes instead of people in ops.erased, and the owner's functions that remove rows."""

from migrations.revision import run_sql

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    """Replace people by hashes, and create the functions."""
    run_sql("0009_erasure")
