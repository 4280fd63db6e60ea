"""What is predicted, and about whom."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from features.declare.contract import Contract
from lake.declarations import LATER, DeclarationError, collectable, declaration_text

#: the column that says who has left: 1 left, 0 stayed, null not known yet.
LABEL = "label"
#: the column that says how who left did: voluntary or involuntary; null where it is not told.
HOW = "label_how"
#: the column that is true for whom auto-renew is off at the date; null where there is no contract.
ALREADY_LEFT = "already_left"

#: what a ready table may write for who left, and for who stayed.
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
        """Horizon and grace together: how long after a snapshot its label is unknown."""
        return timedelta(days=self.horizon_days + self.grace_days)

    def matures_on(self, as_of: date) -> date:
        """The first day on which the label of a snapshot is known for sure."""
        return as_of + self.reach

    def matured(self, as_of: date, covered_until: date) -> bool:
        """Whether the data, which ends before `covered_until`, decides the label of `as_of`."""
        return self.matures_on(as_of) <= covered_until


@dataclass(frozen=True)
class NoEvent(_Ahead):
    """Churn as silence: no event of `source` in [as_of, as_of + horizon + grace).

    Attributes:
        source: the source whose events mean staying.
        horizon_days: how far the label looks ahead.
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
        """The sources it looks at."""
        return (self.source,)

    @property
    def description(self) -> str:
        """What 1 means."""
        grace = f" + {self.grace_days} days of grace" if self.grace_days else ""
        rows = f"`{self.source}` with `{self.where}`" if self.where else f"`{self.source}`"
        return f"no row in {rows} in [as_of, as_of + {self.horizon_days} days{grace})"


@dataclass(frozen=True)
class AccessEnds(_Ahead):
    """Churn of who pays: the paid access that covers `as_of` ends in (as_of, as_of + horizon].

    Two paid periods are one access if the gap between them is at most the grace. All rows count, whenever known.
    Who left did so by choice (`voluntary`) if the subscriber had switched auto-renew off by the end of the access,
    else `involuntary`.

    Attributes:
        contract: where payments and switches are.
        horizon_days: how far the label looks ahead.
        grace_days: how long a restored access still counts as staying.
    """

    contract: Contract
    horizon_days: int = 30
    grace_days: int = 2

    @property
    def about(self) -> tuple[str, ...]:
        """The sources it looks at."""
        return (self.contract.payments, self.contract.switches)

    @property
    def description(self) -> str:
        """What 1 means."""
        return (
            f"paid access that covers as_of and ends in (as_of, as_of + {self.horizon_days} days] "
            f"without being restored within {self.grace_days} days"
        )


@dataclass(frozen=True)
class NoFirstCharge(_Ahead):
    """Churn of a trial: no succeeded payment in (start of the trial, its end + grace].

    A trial that ends after the horizon has no label. All rows count, whenever known. Who left did so by choice
    (`voluntary`) if at the end of the trial auto-renew had been switched off by the subscriber, or had never been
    on; else `involuntary`.

    Attributes:
        contract: where trials, payments and switches are.
        horizon_days: no trial lasts longer.
        grace_days: how long after the trial a first payment still counts as staying.
    """

    contract: Contract
    horizon_days: int = 30
    grace_days: int = 2

    @property
    def about(self) -> tuple[str, ...]:
        """The sources it looks at."""
        return (self.contract.trials, self.contract.payments, self.contract.switches)

    @property
    def description(self) -> str:
        """What 1 means."""
        return f"no succeeded payment from the start of the trial to {self.grace_days} days after its end"


@dataclass(frozen=True)
class Stated(_Ahead):
    """Churn as a ready table states it, row by row.

    Attributes:
        table: its name.
        column: its column that says who left.
        horizon_days: how far its owner's label looks ahead.
        grace_days: how long a return after that still counts as staying.
    """

    table: str
    column: str
    horizon_days: int
    grace_days: int = 0

    @property
    def about(self) -> tuple[str, ...]:
        """The table it looks at."""
        return (self.table,)

    @property
    def description(self) -> str:
        """What 1 means."""
        return f"left within {self.reach.days} days from as_of, as `{self.column}` of the ready table says"


Label = NoEvent | AccessEnds | NoFirstCharge | Stated


@dataclass(frozen=True)
class Population:
    """Who is scored together, by one model of their own.

    Attributes:
        name: such as `active`, `trial` or `paid`.
        where: an SQL condition over feature names and `contract_state`, true at `as_of` for its members.
        model: name of the registered model.
        description: one line for the data dictionary.
        label: what is predicted of its members.
    """

    name: str
    where: str
    model: str
    description: str
    label: Label
