"""A dimension: a table of things that rows of other sources name."""

from dataclasses import dataclass, field

from lake.declarations import collectable
from lake.source import UNDATED, Source, undated_column


@dataclass(frozen=True, repr=False)
class Dimension(Source):
    """A table of things that rows of other sources name, such as products, plans, or people with their demographics.

    It never decides which days the data covers. The fields are those of `Source`, with these meanings:

    Attributes:
        entity: the key of the things, which lookups compare.
        event_time: the column with the date of change: a row is in force from that date until the next row of its key.
            Left out, a key has one row, and that row holds for every date.
        key: by default the entity, with the date of change if there is one.
    """

    event_time: str = field(default=UNDATED, kw_only=True)

    @collectable
    def __post_init__(self) -> None:
        if self.event_time == UNDATED and all(column.name != UNDATED for column in self.columns):
            object.__setattr__(self, "columns", (*self.columns, undated_column()))
        if self.key is None:
            times = (self.event_time,) if self.has_versions else ()
            object.__setattr__(self, "key", (self.entity, *times))
        super().__post_init__()

    @property
    def has_versions(self) -> bool:
        """Whether a key can have several rows, each in force from its date of change."""
        return self.event_time != UNDATED

    @property
    def limits_coverage(self) -> bool:
        """A dimension never ends the data."""
        return False
