"""What a project puts together, and the loader that finds it by name."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from features import Feature, NoEvent, Population, SnapshotSpec
from features.feature import check
from lake import Source
from lake.source import DeclarationError
from registry import Policy
from serving import Mart
from stack.errors import PrichalError
from training import TrainingPlan

HERE = Path(__file__).resolve().parent


class UnknownProjectError(PrichalError):
    """There is no folder of that name under `projects/`."""


@dataclass(frozen=True)
class Project:
    """One prediction problem.

    Attributes:
        name: of its folder.
        description: one sentence, for pages and pictures.
        entity: the key column of its mart.
        raw: default folder of the raw exports.
        sources, features, label, populations: the declarations.
        first_snapshot: the first month whose snapshot is trained on.
        training: how models are made.
        policy: what the gate demands.
        mart: where scores go.
        time_zone: in which a day begins.
    """

    name: str
    description: str
    entity: str
    raw: Path
    sources: tuple[Source, ...]
    features: tuple[Feature, ...]
    label: NoEvent
    populations: tuple[Population, ...]
    first_snapshot: date
    training: TrainingPlan
    policy: Policy
    mart: Mart
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        check(self.features, self.sources)
        _check_time_zone(self.name, self.time_zone)
        _check_names(self.name, "source", [source.name for source in self.sources])
        _check_names(self.name, "population", [population.name for population in self.populations])
        if self.mart.entity != self.entity:
            raise DeclarationError(
                f"Project {self.name}: its entity is {self.entity}, its mart's is {self.mart.entity}."
            )
        names = [feature.name for feature in self.features]
        if self.training.recency not in names:
            raise DeclarationError(f"Project {self.name}: recency feature {self.training.recency} is not declared.")
        if self.label.source not in {source.name for source in self.sources}:
            raise DeclarationError(f"Project {self.name}: the label's source {self.label.source} is not declared.")
        models = [population.model for population in self.populations]
        if not models or len(set(models)) != len(models):
            raise DeclarationError(
                f"Project {self.name}: each population needs a model of its own, given are {models}."
            )

    @property
    def spec(self) -> SnapshotSpec:
        """The part that decides what a snapshot holds."""
        return SnapshotSpec(self.name, self.entity, self.sources, self.features, self.label, self.populations)

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
