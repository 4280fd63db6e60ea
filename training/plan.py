"""How a project wants its models made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lake.source import DeclarationError
from training.families import NAMES, family


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
    """

    recency: str
    families: tuple[str, ...] = NAMES
    out_of_time: int = 2
    folds: int = 3
    calibration: int = 1
    trials: int = 6
    seed: int = 20260101
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("out_of_time", "folds", "calibration"):
            if getattr(self, name) < 1:
                raise DeclarationError(f"Training plan: {name} is {getattr(self, name)}, it must be at least 1.")
        for name in self.families:
            family(name)
