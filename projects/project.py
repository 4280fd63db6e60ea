"""What a project puts together, and the loader that finds it by name."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from features import Contract, Feature, NoEvent, Population, ReadyTable, SnapshotSpec, Stated
from features.declare.declaration_checks import check
from lake import Source
from lake.source import DeclarationError
from registry import Policy
from serving import Mart
from stack.errors import PrichalError
from training import TrainingPlan

HERE = Path(__file__).resolve().parent


class UnknownProjectError(PrichalError):
    """There is no folder of that name under `projects/`."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """One prediction problem.

    Attributes:
        name: of its folder.
        description: one sentence, for pages and pictures.
        entity: the key column of its mart.
        raw: default folder of the raw exports; None where they come from elsewhere or from the simulator, and then
            `<state>/raw/<project>`.
        sources, features, populations: the declarations.
        table: a feature table that is ready, instead of sources and features: they become its own.
        first_snapshot: the first month whose snapshot is trained on; not needed with a table.
        training: how models are made.
        policy: what the gate demands.
        mart: where scores go.
        time_zone: in which a day begins.
        contract: which rows make a subscriber's contract, for features and populations by its state.
        simulate: writes raw exports of a simulated business, and its truth; returns rows by file name.
    """

    name: str
    description: str
    entity: str
    raw: Path | None
    populations: tuple[Population, ...]
    training: TrainingPlan
    policy: Policy
    mart: Mart
    sources: tuple[Source, ...] = ()
    features: tuple[Feature, ...] = ()
    table: ReadyTable | None = None
    first_snapshot: date = date.min
    time_zone: str = "UTC"
    contract: Contract | None = None
    simulate: Callable[..., dict[str, int]] | None = None

    def __post_init__(self) -> None:
        if self.table is not None:
            self._take(self.table)
        elif self.first_snapshot == date.min:
            raise DeclarationError(f"Project {self.name}: it needs a first_snapshot, the first month to train on.")
        else:
            check(self.features, self.sources, self.contract)
        if self.contract is not None:
            self.contract.check(self.sources)
        _check_time_zone(self.name, self.time_zone)
        _check_names(self.name, "source", [source.name for source in self.sources])
        _check_names(self.name, "population", [population.name for population in self.populations])
        if self.mart.entity != self.entity:
            raise DeclarationError(
                f"Project {self.name}: its entity is {self.entity}, its mart's is {self.mart.entity}."
            )
        names = [feature.name for feature in self.features]
        for name in self.training.looks_at:
            if name not in names:
                raise DeclarationError(f"Project {self.name}: the training plan's feature {name} is not declared.")
        self._check_populations()

    def _check_populations(self) -> None:
        for population in self.populations:
            self._check_label(population)
        models = [population.model for population in self.populations]
        if not models or len(set(models)) != len(models):
            raise DeclarationError(
                f"Project {self.name}: each population needs a model of its own, given are {models}."
            )

    def _take(self, table: ReadyTable) -> None:
        """Make the table's source and features the project's."""
        for what, own in (("sources", (table.source,)), ("features", table.features)):
            if getattr(self, what) not in ((), own):  # a copy with changes is handed what was made here
                raise DeclarationError(
                    f"Project {self.name}: it declares both a ready table and {what}; a table stands instead of them."
                )
            object.__setattr__(self, what, own)
        if table.entity.name != self.entity:
            raise DeclarationError(
                f"Project {self.name}: its entity is {self.entity}, its table's is {table.entity.name}."
            )
        stored = {"bigint": "bigint", "string": "text"}[table.entity.type]
        if self.mart.entity_type != stored:
            raise DeclarationError(
                f"Project {self.name}: {self.entity} is a {table.entity.type}, its mart needs entity_type={stored!r}."
            )

    def _check_label(self, population: Population) -> None:
        label = population.label
        if isinstance(label, Stated) or self.table is not None:
            if self.table is None or label != self.table.label:
                raise DeclarationError(
                    f"Project {self.name}: a ready table and its label go together; population {population.name} "
                    "has one without the other."
                )
        elif isinstance(label, NoEvent):
            if label.source not in {source.name for source in self.sources}:
                raise DeclarationError(
                    f"Project {self.name}: the label's source {label.source} of population {population.name} is not "
                    "declared."
                )
        elif label.contract != self.contract:
            raise DeclarationError(
                f"Project {self.name}: the label of population {population.name} looks at a contract other than the "
                "project's."
            )

    @property
    def spec(self) -> SnapshotSpec:
        """The part that decides what a snapshot holds."""
        return SnapshotSpec(
            self.name,
            self.entity,
            self.sources,
            self.features,
            self.populations,
            self.contract,
            self.time_zone,
            self.table,
        )

    def choose(self, population: str) -> Sequence[Population]:
        """The population called so, or `all` of them.

        Raises:
            DeclarationError: there is none.
        """
        if population == "all":
            return self.populations
        found = [one for one in self.populations if one.name == population]
        if not found:
            known = ", ".join(one.name for one in self.populations)
            raise DeclarationError(f"Project {self.name} has no population {population}; it has {known}, or all.")
        return found


def _check_names(project: str, what: str, names: list[str]) -> None:
    if len(set(names)) != len(names) or "all" in names:
        raise DeclarationError(
            f"Project {project}: each {what} needs a name of its own other than all, given are {names}."
        )


def _check_time_zone(project: str, name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise DeclarationError(
            f"Project {project}: time zone {name} does not exist; write it as Europe/Moscow."
        ) from None


def project_names() -> list[str]:
    """Folders under `projects/` that hold a project."""
    return sorted(path.parent.name for path in HERE.glob("*/project.py"))


def load_project(name: str) -> Project:
    """The project called `name`.

    Raises:
        UnknownProjectError: there is none.
    """
    if name not in project_names():
        raise UnknownProjectError(
            f"Project {name!r} does not exist; there are {', '.join(project_names())} under projects/."
        )
    project = importlib.import_module(f"projects.{name}.project").PROJECT
    if not isinstance(project, Project):
        raise DeclarationError(f"projects/{name}/project.py must define PROJECT as a Project.")
    return project
