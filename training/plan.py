"""Declaration of a project's training: families, validation and search."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from lake.declarations import DeclarationError, collectable
from training.evaluate.profit import Costs
from training.evaluate.slices import Slice
from training.models.families import NAMES, family

#: fewest allowed; a single out-of-time date could be an unusual month.
LEAST = {"out_of_time": 2, "folds": 1, "calibration": 1, "trials": 0}


@dataclass(frozen=True)
class TrainingPlan:
    """Families, validation and search of one project.

    Attributes:
        recency: the feature that the recency baseline looks at.
        families: candidates, in the order they are tried.
        out_of_time: how many of the last matured snapshot dates only judge.
        folds: how many development dates judge a fold each.
        calibration: how many of the last development dates the probabilities are calibrated on.
        users_apart: whether a fold judges only people that it was not fitted on.
        refit: whether the registered model is the judged procedure fitted again on all matured snapshots. False
            registers the judged model itself. A table without dates never refits.
        trials: parameter sets searched in all, beyond those that the families declare.
        minutes: how long the search may begin new sets; None for as long as it takes.
        seed: of everything random.
        params: fixed parameters by family, on top of its defaults.
        slices: whom the chosen model is also judged among.
        costs: of contacting people, for the profit by contact budget; None if they are not stated.
        contacts: features that count our own contacts, which must not follow the risk.
        known_rules: features of each short rule that nearly settles the label for a reason that is known, such as
            `(("auto_renew",),)`; a rule found by the leak checks with all of them among its conditions is told and
            does not refuse.
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
