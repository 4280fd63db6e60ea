"""What is predicted, and about whom."""

from dataclasses import dataclass
from datetime import date, timedelta

from lake.source import DeclarationError


@dataclass(frozen=True)
class NoEvent:
    """Churn as silence: no event of `source` in [as_of, as_of + horizon + grace).

    Attributes:
        source: the source whose events mean staying.
        horizon_days: how far the label looks ahead.
        grace_days: how long a return after the horizon still counts as staying.
    """

    source: str
    horizon_days: int
    grace_days: int = 0

    def __post_init__(self) -> None:
        if self.horizon_days < 1 or self.grace_days < 0:
            raise DeclarationError(
                f"Label: horizon {self.horizon_days} must be at least 1 day and grace {self.grace_days} at least 0."
            )

    @property
    def reach(self) -> timedelta:
        """Horizon and grace together: how long after a snapshot its label is unknown."""
        return timedelta(days=self.horizon_days + self.grace_days)

    def matures_on(self, as_of: date) -> date:
        """The first day on which the label of a snapshot is known for sure."""
        return as_of + self.reach

    def matured(self, as_of: date, covered_until: date) -> bool:
        """Whether the data, which ends before `covered_until`, decides the label of `as_of`."""
        return self.matures_on(as_of) <= covered_until


@dataclass(frozen=True)
class Population:
    """Who is scored together, by one model of their own.

    Attributes:
        name: such as `active`, `trial` or `paid`.
        where: an SQL condition over feature names, true at `as_of` for its members.
        model: name of the registered model.
        description: one line for the data dictionary.
    """

    name: str
    where: str
    model: str
    description: str
