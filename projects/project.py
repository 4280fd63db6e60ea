"""The declaration of a project, and the loader that finds a project by its name."""

import dataclasses
import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from actions.declare.plan import ActionPlan
from actions.declare.plan_checks import find_plan_mistakes
from features import Contract, Feature, NoEvent, Population, ReadyTable, SnapshotSpec, Stated
from features.declare.declaration_checks import check, check_entity
from features.declare.sql_checks import find_sql_mistakes
from lake import Source
from lake.column import check_time_zone
from lake.declarations import DeclarationError, collect_mistakes, collectable, refuse, run_checks
from lake.source import UNDATED
from registry import Policy
from serving import ALL_REASONS, Mart, ReasonRule, Retention, Rollups
from stack.errors import PrichalError
from training import TrainingPlan

FOLDER = Path(__file__).resolve().parent


class UnknownProjectError(PrichalError):
    """No folder under `projects/` has this name."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """One prediction problem.

    Attributes:
        name: the name of its folder.
        description: one sentence, for pages and pictures.
        entity: the key column of its mart.
        raw: the default folder of the raw exports. None means `<state>/raw/<project>`, where the simulator writes.
        sources, features, populations: the declarations.
        table: a feature table that is ready, instead of sources and features: they become its own.
        first_snapshot: the first month that models are trained on; not needed with a table.
        training: the plan of training: folds, trials, slices and costs.
        policy: the bounds of the gate.
        mart: the table that receives the scores.
        time_zone: the time zone in which a day begins.
        contract: the rows that make up a subscriber's contract, for features and populations by its state.
        simulate: writes raw exports of a simulated business and its truth; returns the number of rows by file name.
        actions: what may be done to keep people; None if the project only predicts.
        retention: the ages at which `tidy` removes what grows.
        reasons: who gets reasons in the mart; everybody by default.
        rollups: the tables of aggregates that pages query; None without such pages.
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
    actions: ActionPlan | None = None
    retention: Retention = dataclasses.field(default_factory=Retention)
    reasons: ReasonRule = ALL_REASONS
    rollups: Rollups | None = None

    @collectable
    def __post_init__(self) -> None:
        if self.table is not None:
            self._apply_table(self.table)
        run_checks(
            self._check_features,
            self._check_contract,
            lambda: refuse(find_sql_mistakes(self.spec)),
            partial(check_time_zone, f"Project {self.name}", self.time_zone),
            partial(_check_names, self.name, "source", [source.name for source in self.sources]),
            partial(_check_names, self.name, "population", [population.name for population in self.populations]),
            self._check_mart,
            self._check_training,
            *(partial(self._check_label, population) for population in self.populations),
            self._check_models,
            self._check_actions,
        )

    def _check_features(self) -> None:
        if self.table is not None:
            return
        if self.first_snapshot == date.min:
            raise DeclarationError(f"Project {self.name}: it needs a first_snapshot; give the first month to train on.")
        check(self.features, self.sources, self.contract, self.entity)

    def _check_contract(self) -> None:
        if self.contract is None:
            return
        self.contract.check(self.sources)
        for source in self.sources:
            if source.name in self.contract.source_names:
                check_entity("Contract", source, self.entity)

    def _check_mart(self) -> None:
        if self.mart.entity != self.entity:
            raise DeclarationError(
                f"Project {self.name}: its entity is {self.entity}, but the entity of its mart is {self.mart.entity}; "
                "give both the same name."
            )

    def _check_training(self) -> None:
        names = {feature.name for feature in self.features}
        if self.training.without_contacted and self.actions is None:
            raise DeclarationError(
                f"Project {self.name}: its training plan has without_contacted, but the project has no actions, so no "
                "contact is known; declare actions or remove the option."
            )
        refuse(
            [
                f"Project {self.name}: the training plan's feature {name} is not declared; "
                "declare it or name another feature."
                for name in self.training.looks_at
                if name not in names
            ]
        )

    def _check_models(self) -> None:
        models = [population.model for population in self.populations]
        if not models or len(set(models)) != len(models):
            raise DeclarationError(
                f"Project {self.name}: each population needs its own model, but the models are {models}; "
                "give each a different name."
            )

    def _check_actions(self) -> None:
        if self.actions is not None:
            refuse(find_plan_mistakes(self.actions, self.spec))

    def _apply_table(self, table: ReadyTable) -> None:
        """Set the project's sources and features to those of the table."""
        for field, declared in (("sources", (table.source,)), ("features", table.features)):
            if getattr(self, field) not in ((), declared):  # `dataclasses.replace` passes the fields that were set here
                raise DeclarationError(
                    f"Project {self.name}: it declares both a ready table and {field}; remove one of them."
                )
            object.__setattr__(self, field, declared)
        if table.entity.name != self.entity:
            raise DeclarationError(
                f"Project {self.name}: its entity is {self.entity}, but the entity of its table is "
                f"{table.entity.name}; give both the same name."
            )
        stored = {"bigint": "bigint", "string": "text"}[table.entity.type]
        if self.mart.entity_type != stored:
            raise DeclarationError(
                f"Project {self.name}: {self.entity} has type {table.entity.type}, "
                f"so its mart needs entity_type={stored!r}."
            )

    def _check_label(self, population: Population) -> None:
        label = population.label
        if self.table is not None and population.every_days is not None:
            raise DeclarationError(
                f"Project {self.name}: population {population.name} has every_days {population.every_days}, but a "
                "ready table has its own dates; remove every_days."
            )
        if isinstance(label, Stated) or self.table is not None:
            if self.table is None or label != self.table.label:
                raise DeclarationError(
                    f"Project {self.name}: a ready table and its label must be used together; "
                    f"population {population.name} has only one of them."
                )
        elif isinstance(label, NoEvent):
            source = next((source for source in self.sources if source.name == label.source), None)
            if source is None:
                raise DeclarationError(
                    f"Project {self.name}: the label's source {label.source} of population {population.name} is not "
                    "declared; declare it or name another source."
                )
            check_entity(f"Population {population.name}", source, self.entity)
            if source.event_time == UNDATED:
                raise DeclarationError(
                    f"Project {self.name}: the label's source {label.source} of population {population.name} has no "
                    "dates; name a source of events."
                )
        elif label.contract != self.contract:
            raise DeclarationError(
                f"Project {self.name}: the label of population {population.name} uses a contract other than the "
                "project's; give both the same contract."
            )

    @property
    def action_plan(self) -> ActionPlan:
        """The action plan.

        Raises:
            DeclarationError: the project has none.
        """
        if self.actions is None:
            raise DeclarationError(
                f"Project {self.name} declares no actions: give its Project an ActionPlan, "
                "as projects/churn/actions.py does."
            )
        return self.actions

    @property
    def declared_rollups(self) -> Rollups:
        """The rollups.

        Raises:
            DeclarationError: the project has none.
        """
        if self.rollups is None:
            raise DeclarationError(
                f"Project {self.name} declares no rollups: give it some, as projects/telemetry/project.py does."
            )
        return self.rollups

    @property
    def spec(self) -> SnapshotSpec:
        """The declarations that determine the content of a snapshot."""
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
        """The population with this name, or all populations for `all`.

        Raises:
            DeclarationError: no population has this name.
        """
        if population == "all":
            return self.populations
        chosen = [candidate for candidate in self.populations if candidate.name == population]
        if not chosen:
            names = ", ".join(candidate.name for candidate in self.populations)
            raise DeclarationError(f"Project {self.name} has no population {population}; give {names}, or all.")
        return chosen


def _check_names(project: str, kind: str, names: list[str]) -> None:
    if len(set(names)) != len(names) or "all" in names:
        raise DeclarationError(
            f"Project {project}: each {kind} needs its own name other than all, but the names are {names}."
        )


def project_names() -> list[str]:
    """The names of the folders under `projects/` that contain a project."""
    return sorted(path.parent.name for path in FOLDER.glob("*/project.py"))


def load_project(name: str) -> Project:
    """Load the project with this name.

    Raises:
        UnknownProjectError: no folder under `projects/` has this name.
        DeclarationError: its `project.py` does not define a `Project`, or its declarations have mistakes; the error
            lists all of them.
    """
    if name not in project_names():
        raise UnknownProjectError(
            f"Project {name!r} does not exist; give one of {', '.join(project_names())} under projects/."
        )
    before = set(sys.modules)
    try:
        with collect_mistakes():
            project = importlib.import_module(f"projects.{name}.project").PROJECT
    except Exception:
        for module in set(sys.modules) - before:  # the next load must not find half a project
            if module.startswith(f"projects.{name}."):
                del sys.modules[module]
        raise
    if not isinstance(project, Project):
        raise DeclarationError(f"projects/{name}/project.py must define PROJECT as a Project.")
    return project
