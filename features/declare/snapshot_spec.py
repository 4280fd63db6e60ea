"""What decides the content of a snapshot."""

from dataclasses import dataclass, field

from features.declare.contract import Contract
from features.declare.feature import Feature
from features.declare.label import Population
from features.declare.precomputed_table import ReadyTable
from lake import Source
from lake.declarations import LATER, declaration_text


@dataclass(frozen=True)
class SnapshotSpec:
    """The declarations of a project that determine its snapshots.

    With `only`, the name of a population, a snapshot holds its members alone.
    """

    project: str
    entity: str
    sources: tuple[Source, ...]
    features: tuple[Feature, ...]
    populations: tuple[Population, ...]
    contract: Contract | None = None
    time_zone: str = "UTC"
    table: ReadyTable | None = None
    only: str | None = field(default=None, metadata=LATER)

    __repr__ = declaration_text

    @property
    def dated(self) -> bool:
        """Whether there is a snapshot of more than one day, so that a model can be tested out of time."""
        return self.table is None or self.table.dated
