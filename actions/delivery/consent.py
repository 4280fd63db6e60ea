"""Who accepts a channel on a day: the people of the day's snapshot who meet the channel's condition."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from actions.declare.action import Channel
from features import DuckEngine

#: the people who accept a channel, as text.
Consent = Callable[[Channel], Iterable[str]]
VIEW = "snapshot_rows"


@dataclass(frozen=True)
class SnapshotConsent:
    """Reads the people who accept a channel from a snapshot.

    Attributes:
        folder: of the snapshot of the day.
        entity: its column of the people.
        time_zone: of the project.
    """

    folder: Path
    entity: str
    time_zone: str

    def __call__(self, channel: Channel) -> Iterable[str]:
        """The people of the snapshot who accept the channel; nobody for whom the condition is unknown."""
        engine = DuckEngine(self.time_zone)
        engine.show_files(VIEW, [self.folder])
        people = f"select distinct cast({self.entity} as string) as entity from {VIEW} where {channel.where}"
        return [str(row[0]) for row in engine.rows(people)]
