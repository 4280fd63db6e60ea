"""Declaration of a project's training: families, validation and search."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from lake.declarations import LATER, DeclarationError, collectable
from training.evaluate.profit import Costs
from training.evaluate.slices import Slice
from training.models.families import NAMES, family

#: fewest allowed; a single out-of-time date could be an unusual month.
LEAST = {"out_of_time": 2, "folds": 1, "calibration": 1, "trials": 0}


@dataclass(frozen=True)
class TrainingPlan:
    """Families, validation and search of one project.

    Attributes:
        recency: the feature of the recency baseline.
        families: candidates, in the order they are tried.
        out_of_time: number of test dates, the last matured snapshots. Here and below, a population with `every_days`
            counts periods of 30 days with all of their dates instead of dates.
        folds: number of development dates that test a fold.
        calibration: number of the last development dates, used for the calibration.
        users_apart: whether a fold tests only people that it was not fitted on.
        refit: whether the registered model is the judged procedure fitted again on all matured snapshots. False
            registers the judged model itself. A table without dates never refits.
        trials: number of proposed parameter sets, besides the declared sets of the families.
        minutes: time limit for new rounds of the search; None for no limit.
        seed: random seed of the training.
        params: fixed parameters by family, on top of its defaults.
        slices: groups of rows in which the chosen model is evaluated too.
        costs: costs of a contact, for the profit by budget; None if they are not declared.
        contacts: features that count our own contacts, which must not follow the risk.
        known_rules: features of each legitimate rule that almost determines the label, such as `(("auto_renew",),)`; a
            found rule with all of these features in its conditions is reported and does not make the gate refuse.
        without_contacted: whether rows of people whom we contacted within the window of the label are left out. Their
            labels show our own actions too.
    """

    recency: str
    families: tuple[str, ...] = NAMES
    out_of_time: int = 2
    folds: int = 3
    calibration: int = 1
    users_apart: bool = False
    refit: bool = True
    trials: int = 12
    minutes: float | None = None
    seed: int = 20260101
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    slices: tuple[Slice, ...] = ()
    costs: Costs | None = None
    contacts: tuple[str, ...] = ()
    known_rules: tuple[tuple[str, ...], ...] = ()
    without_contacted: bool = field(default=False, metadata=LATER)

    @collectable
    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise DeclarationError(f"Training plan: {name} is {getattr(self, name)}, it must be at least {least}.")
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise DeclarationError(f"Training plan: minutes is {self.minutes}, it must be above 0, or None.")
        for name in self.families:
            family(name)

    @property
    def looks_at(self) -> tuple[str, ...]:
        """The features that it names."""
        return (
            self.recency,
            *(cell.feature for cell in self.slices),
            *self.contacts,
            *chain(*self.known_rules),
        )
