"""How a project wants its models made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lake.source import DeclarationError
from training.families import NAMES, family
from training.profit import Costs
from training.slices import Slice


@dataclass(frozen=True)
class TrainingPlan:
    """Families, validation and search of one project.

    Attributes:
        recency: the feature that the recency baseline looks at.
        families: candidates, in the order they are tried.
        out_of_time: how many of the last matured snapshot dates only judge.
        folds: how many development dates judge a fold each.
        calibration: how many of the last development dates the probabilities are calibrated on.
        trials: parameter sets tried per family that has something to search.
        seed: of everything random.
        params: fixed parameters by family, on top of its defaults.
        slices: whom the chosen model is also judged among.
        costs: of contacting people, for the profit by contact budget; None if they are not stated.
        contacts: features that count our own contacts, which must not follow the risk.
    """

    recency: str
    families: tuple[str, ...] = NAMES
    out_of_time: int = 2
    folds: int = 3
    calibration: int = 1
    trials: int = 6
    seed: int = 20260101
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    slices: tuple[Slice, ...] = ()
    costs: Costs | None = None
    contacts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("out_of_time", "folds", "calibration"):
            if getattr(self, name) < 1:
                raise DeclarationError(f"Training plan: {name} is {getattr(self, name)}, it must be at least 1.")
        for name in self.families:
            family(name)

    @property
    def looks_at(self) -> tuple[str, ...]:
        """The features that it names."""
        return (self.recency, *(one.feature for one in self.slices), *self.contacts)
