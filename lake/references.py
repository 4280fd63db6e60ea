"""What a source declares about other sources: who is behind an id, what a thing is, and since when it exists."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lake.declarations import DeclarationError, collectable

if TYPE_CHECKING:
    from lake.source import Source


@dataclass(frozen=True)
class Identity:
    """Who is behind an anonymous id: whoever had last logged in on it by the moment of the event.

    Attributes:
        links: the source of logins; its entity is the person, its event time the login.
        where: SQL condition over the links: which kind of id this is.
        link_id: the links' column that holds the anonymous id.
        id: this source's column that holds it.
        own: this source's column that names the person itself where it can; empty where it cannot.
    """

    links: "Source"
    where: str
    link_id: str
    id: str
    own: str | None = None


@dataclass(frozen=True)
class Lookup:
    """What another source says of something that the rows name, such as the genre of a title.

    Of a dimension with versions, the version counts that was in force at the event's time, and known when the row was.

    Attributes:
        source: one row per key, whose looked-up columns never change; or a `Dimension`. Its own lookups count as its
            columns, so lookups can be chained.
        key: its column that is compared.
        on: this source's column that names the thing.
        columns: names, and SQL over the other source's columns.
    """

    source: "Source"
    key: str
    on: str
    columns: tuple[tuple[str, str], ...]

    @collectable
    def __post_init__(self) -> None:
        self.source.column(self.key)
        if self.source.key != (self.key,) and not (self.has_versions and self.source.entity == self.key):
            raise DeclarationError(
                f"Lookup in {self.source.name}: {self.key} is not its key, so several rows could match; "
                f"declare {self.source.name} with key=({self.key!r},), or as a Dimension."
            )

    @property
    def has_versions(self) -> bool:
        """Whether a key can have several rows, each in force from its date."""
        return self.source.has_versions


@dataclass(frozen=True)
class Begins:
    """When an entity came to be: the earliest `column` of its rows in `source`."""

    source: "Source"
    column: str
