"""Who is compared, and what they are called."""

from registry.versions.versions import Contenders, Version


def called(version: Version | None) -> str:
    """A version as the head of a column."""
    return "nothing" if version is None else f"version {version.number}"


def both(contenders: Contenders) -> list[Version]:
    """The challenger, and the version in production if there is one."""
    return [one for one in (contenders.challenger, contenders.production) if one is not None]
