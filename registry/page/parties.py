"""Who is compared: what a page asks of a version and of what stands."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Version(Protocol):
    """A version of a registered model as it was found; what could not be had is None."""

    @property
    def model(self) -> str:
        """Name of the registered model."""

    @property
    def number(self) -> str:
        """Number of the version."""

    @property
    def run_id(self) -> str | None:
        """The run that trained it."""

    @property
    def author(self) -> str | None:
        """Who ran the training."""

    @property
    def evidence(self) -> Mapping[str, Any] | None:
        """Content of its evidence file."""

    @property
    def evidence_sha256(self) -> str | None:
        """Of the evidence file."""

    @property
    def files_sha256(self) -> str | None:
        """Of the model's files."""

    @property
    def features(self) -> Sequence[str] | None:
        """Columns of its signature."""

    @property
    def params(self) -> Mapping[str, Any] | None:
        """Of its family."""


class Standing(Protocol):
    """What is judged, and what is in production."""

    @property
    def challenger(self) -> Version:
        """The version that is proposed."""

    @property
    def production(self) -> Version | None:
        """The version that scores; None before the first."""


def called(version: Version | None) -> str:
    """A version as the head of a column."""
    return "nothing" if version is None else f"version {version.number}"


def both(standing: Standing) -> list[Version]:
    """The challenger, and the version in production if there is one."""
    return [one for one in (standing.challenger, standing.production) if one is not None]
