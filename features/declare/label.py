"""Labels and populations."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from features.declare.contract import Contract
from lake.declarations import LATER, DeclarationError, collectable, declaration_text

#: column of the label: 1 left, 0 stayed, null not matured.
LABEL = "label"
#: column of the kind of churn: voluntary or involuntary; null if unknown.
HOW = "label_how"
#: column that is true if auto-renewal is off at the date; null without a contract.
ALREADY_LEFT = "already_left"

#: texts of a precomputed table for 1 (left) and 0 (stayed).
LEFT_TEXTS = ("1", "1.0", "true", "True", "yes", "Yes")
STAYED_TEXTS = ("0", "0.0", "false", "False", "no", "No")


class _Ahead:
    """A label that looks ahead by a horizon and a grace."""

    horizon_days: int
    grace_days: int

    @collectable
    def __post_init__(self) -> None:
        if self.horizon_days < 1 or self.grace_days < 0:
            raise DeclarationError(
                f"Label: horizon {self.horizon_days} must be at least 1 day and grace {self.grace_days} at least 0."
            )

    @property
    def reach(self) -> timedelta:
        """Horizon and grace: the time after a snapshot until its label is matured."""
        return timedelta(days=self.horizon_days + self.grace_days)

    def matures_on(self, as_of: date) -> date:
        """The first day on which the label of a snapshot is matured."""
        return as_of + self.reach

    def matured(self, as_of: date, covered_until: date) -> bool:
        """Whether data up to, not including, `covered_until` determines the label of `as_of`."""
        return self.matures_on(as_of) <= covered_until


@dataclass(frozen=True)
class NoEvent(_Ahead):
    """Churn as silence: no event of `source` in [as_of, as_of + horizon + grace).

    Attributes:
        source: the source whose events mean staying.
        horizon_days: days that the label looks ahead.
        grace_days: how long a return after the horizon still counts as staying.
        where: SQL condition over the source's columns; only such an event means staying. None: every event does.
    """

    source: str
    horizon_days: int
    grace_days: int = 0
    where: str | None = field(default=None, metadata=LATER)

    __repr__ = declaration_text

    @property
    def about(self) -> tuple[str, ...]:
        """The sources of the label."""
        return (self.source,)

    @property
    def description(self) -> str:
        """Meaning of 1, in words."""
        grace = f" + {self.grace_days} days of grace" if self.grace_days else ""
        rows = f"`{self.source}` with `{self.where}`" if self.where else f"`{self.source}`"
        return f"no row in {rows} in [as_of, as_of + {self.horizon_days} days{grace})"


@dataclass(frozen=True)
class AccessEnds(_Ahead):
    """Churn of a paying subscriber: the paid access that covers `as_of` ends in (as_of, as_of + horizon].

    Two paid periods are one access if the gap between them is at most the grace. All rows are used, whenever they
    became known. Churn is `voluntary` if the subscriber had switched auto-renewal off by the end of the access, else
    `involuntary`.

    Attributes:
        contract: declares payments and switches.
        horizon_days: days that the label looks ahead.
        grace_days: how long a restored access still counts as staying.
    """

    contract: Contract
    horizon_days: int = 30
    grace_days: int = 2

    @property
    def about(self) -> tuple[str, ...]:
        """The sources of the label."""
        return (self.contract.payments, self.contract.switches)

    @property
    def description(self) -> str:
        """Meaning of 1, in words."""
        return (
            f"paid access that covers as_of and ends in (as_of, as_of + {self.horizon_days} days] "
            f"without being restored within {self.grace_days} days"
        )


@dataclass(frozen=True)
class NoFirstCharge(_Ahead):
    """Churn of a trial: no succeeded payment in (start of the trial, its end + grace].

    A trial that ends after the horizon has no label. All rows are used, whenever they became known. Churn is
    `voluntary` if at the end of the trial the subscriber had switched auto-renewal off, or it had never been on; else
    `involuntary`.

    Attributes:
        contract: declares trials, payments and switches.
        horizon_days: maximum length of a trial.
        grace_days: how long after the trial a first payment still counts as staying.
    """

    contract: Contract
    horizon_days: int = 30
    grace_days: int = 2

    @property
    def about(self) -> tuple[str, ...]:
        """The sources of the label."""
        return (self.contract.trials, self.contract.payments, self.contract.switches)

    @property
    def description(self) -> str:
        """Meaning of 1, in words."""
        return f"no succeeded payment from the start of the trial to {self.grace_days} days after its end"


@dataclass(frozen=True)
class Stated(_Ahead):
    """Churn as given by a precomputed table.

    Attributes:
        table: name of the table.
        column: column of the label.
        horizon_days: days that the owner's label looks ahead.
        grace_days: how long a return after that still counts as staying.
    """

    table: str
    column: str
    horizon_days: int
    grace_days: int = 0

    @property
    def about(self) -> tuple[str, ...]:
        """The table of the label."""
        return (self.table,)

    @property
    def description(self) -> str:
        """Meaning of 1, in words."""
        return f"left within {self.reach.days} days from as_of, as `{self.column}` of the ready table says"


Label = NoEvent | AccessEnds | NoFirstCharge | Stated


#: largest number of days between two snapshots of a population; months have their own setting.
MOST_DAYS = 28


@dataclass(frozen=True)
class Population:
    """Entities that are scored together by one model.

    Attributes:
        name: such as `active`, `trial` or `paid`.
        where: an SQL condition over feature names and `contract_state`, true at `as_of` for its members.
        model: name of the registered model.
        description: one line for the data dictionary.
        label: label of its members.
        every_days: days between the snapshots that its model learns from and is judged on; None for the first days of
            months. Choose it as short as a stay: a trial of two weeks is seen by weekly snapshots only.
    """

    name: str
    where: str
    model: str
    description: str
    label: Label
    # No snapshot of all populations depends on it, so it is not in the text that their digests are made of.
    every_days: int | None = field(default=None, repr=False)

    @collectable
    def __post_init__(self) -> None:
        if self.every_days is not None and not 1 <= self.every_days <= MOST_DAYS:
            raise DeclarationError(
                f"Population {self.name}: every_days is {self.every_days}, it may be 1 to {MOST_DAYS}, or None for the "
                "first days of months."
            )
