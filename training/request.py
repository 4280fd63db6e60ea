"""Inputs of one training, carried through all its steps as one value."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from features import Population, Snapshots
from training.data.contacts import Contacts
from training.plan import TrainingPlan


@dataclass(frozen=True)
class TrainingRequest:
    """One population's training.

    Attributes:
        snapshots: snapshots of the project, built for `dates`.
        population: the rows to train on, their label and the name of the registered model.
        plan: families, validation and search.
        dates: snapshot dates, matured or not.
        as_of: day of the training; labels that mature later are not read.
        code_hash: hash of the code that builds features and models.
        report_progress: called with one line of text after each step.
        contacts: our own contacts; needed if the plan leaves contacted people out.
    """

    snapshots: Snapshots
    population: Population
    plan: TrainingPlan
    dates: tuple[date, ...]
    as_of: date
    code_hash: str
    report_progress: Callable[[str], None]
    contacts: Contacts | None = None
