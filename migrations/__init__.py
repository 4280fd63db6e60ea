"""Schema migrations: numbered SQL, applied with alembic by the owner of the tables. The daily steps change no schema."""

from migrations.upgrade import HEAD, SECONDS, upgrade

__all__ = ["HEAD", "SECONDS", "upgrade"]
