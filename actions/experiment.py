"""Rows of a randomised experiment: people, their features on the day, the drawn arm, and whether they were kept."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stack.errors import PrichalError

Floats = NDArray[np.float64]


class ExperimentError(PrichalError):
    """Assignments cannot be analysed: an impossible probability, an arm without rows, or too few rows."""


@dataclass(frozen=True)
class Experiment:
    """Randomised assignments with matured outcomes; n rows, m features, k arms.

    A row is one person in one campaign, with the features known at 00:00 of the day of the assignment. It counts by the
    arm that was assigned, whatever was delivered or opened (intention to treat).

    Attributes:
        names: of the features.
        rows: (n, m), NaN where null.
        people: (n,), the entity of each row.
        campaigns: (n,), names of the campaigns.
        assigned_on: (n,), datetime64[D].
        arms: names of the arms; the first is `control`.
        arm: (n,), position of the assigned arm in `arms`.
        probability: (n, k), probability of each arm for each row by the design; rows sum to 1. It is 0 for an arm that
            the person could not get, and never for the assigned one.
        outcome: (n,), 1.0 if the person stayed and 0.0 if the person left (the churn label of the day, reversed).
        cost: (k,), expected cost of each arm for one person; 0 for control.
        baseline: (n,), the churn probability published before the assignment, NaN where there was none.
    """

    names: tuple[str, ...]
    rows: Floats
    people: NDArray[np.object_]
    campaigns: NDArray[np.object_]
    assigned_on: NDArray[np.datetime64]
    arms: tuple[str, ...]
    arm: NDArray[np.int_]
    probability: Floats
    outcome: Floats
    cost: Floats
    baseline: Floats

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.arm)

    @property
    def assigned_probability(self) -> Floats:
        """Probability (n,) of the arm that each row was assigned to."""
        return np.asarray(self.probability[np.arange(len(self)), self.arm], dtype=np.float64)

    def select(self, mask: NDArray[np.bool_] | NDArray[np.int_]) -> "Experiment":
        """The rows of a mask, or of row numbers."""
        rows = ("rows", "people", "campaigns", "assigned_on", "arm", "probability", "outcome", "baseline")
        return replace(self, **{name: getattr(self, name)[mask] for name in rows})
