"""Schema migrations: numbered SQL that the owner of the tables applies with alembic. Daily steps change no schema."""

from migrations.upgrade import HEAD, SECONDS, upgrade

__all__ = ["HEAD", "SECONDS", "upgrade"]
