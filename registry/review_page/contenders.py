"""Names of the compared versions."""

from registry.versions.versions import Contenders, Version


def column_title(version: Version | None) -> str:
    """Title of a version's column."""
    return "nothing" if version is None else f"version {version.number}"


def versions_of(contenders: Contenders) -> list[Version]:
    """The challenger, and the version in production if there is one."""
    return [version for version in (contenders.challenger, contenders.production) if version is not None]
