"""Who accepts a channel on a day: the people of the day's snapshot who meet the channel's condition."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from actions.declare.action import Channel
from lake.declarations import DeclarationError
from stack.engines.engine import Engine

#: people who accept a channel.
Consent = Callable[[Channel], Iterable[str]]
VIEW = "snapshot_of_day"


@dataclass(frozen=True)
class SnapshotConsent:
    """Reads the people who accept a channel from a snapshot.

    Attributes:
        engine: runs the condition.
        folder: of the snapshot of the day.
        entity: its column of the people.
    """

    engine: Engine
    folder: Path
    entity: str

    def __call__(self, channel: Channel) -> Iterator[str]:
        """The people of the snapshot who accept the channel.

        Raises:
            DeclarationError: the condition of the channel cannot be computed on the snapshot.
        """
        self.engine.show_files(VIEW, [self.folder])
        problem = self.engine.problem(VIEW, channel.where)
        if problem is not None:
            raise DeclarationError(
                f"Channel {channel.name}: its condition {channel.where!r} cannot be computed on the snapshot "
                f"({problem.rstrip('.')}); use columns of the snapshot."
            )
        people = f"select distinct cast({self.entity} as string) from {VIEW} where {channel.where}"
        return (str(row[0]) for row in self.engine.rows(people))
