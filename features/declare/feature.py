"""Declaration of a feature: one number per entity and date, computed from earlier rows."""

from dataclasses import dataclass
from typing import Literal, get_args

from features.declare import calendar, contract
from lake.column import NAME
from lake.declarations import DeclarationError, collectable

Aggregation = Literal[
    "count", "sum", "mean", "stddev", "min", "max", "last", "first", "distinct", "distinct_about", "active_days",
    "interval_mean", "ratio", "share", "trend", "ahead", "days_since_last", "days_since_first", "overdue",
    "days_until", "state", "value",
]  # fmt: skip
#: aggregations of a column's values; the others look at the times of events only.
OF_A_MEASURE = frozenset(
    {"sum", "mean", "stddev", "min", "max", "last", "first", "distinct", "distinct_about", "ahead", "days_until",
     "state", "value"}
)  # fmt: skip
#: aggregations of a column's values, or of the number of events without a measure.
OF_EITHER = frozenset({"ratio", "share", "trend"})
#: aggregations over the whole past; their names have no window.
OF_ALL_TIME = frozenset({"days_since_last", "days_since_first", "overdue", "days_until", "state", "value"})
#: aggregations of values of any type.
OF_ANY_TYPE = frozenset({"distinct", "distinct_about", "ahead"})
#: source of the features of a precomputed table; they keep their column names.
TABLE = "table"
#: sources without events: their measures are used directly, by the aggregation `value`.
BUILT_IN = {"contract": contract.MEASURES, "calendar": calendar.MEASURES, TABLE: dict[str, str]()}

#: the window that reaches back to the entity's first event.
ALL = None


@dataclass(frozen=True)
class Ahead:
    """Rows of a source that were announced before the date and are still to come.

    Attributes:
        source: such as `catalogue`; known by its known time.
        day: its column with the day on which the row comes true.
        matches: its column or SQL that is compared with the feature's measure.
        days: how far ahead, from the date on.
    """

    source: str
    day: str
    matches: str
    days: int


@dataclass(frozen=True)
class Feature:
    """One number per entity and date, computed from rows that had happened and were known before that date.

    Attributes:
        source: the source's name; `contract` for the state of the project's contract, `calendar` for what the
            date itself says, `table` for a column of the project's ready table.
        aggregation: how events become a number. `active_days` counts days with an event, `interval_mean` is
            the mean number of days between consecutive such days, `overdue` is the days since the last event
            over that mean, `ratio` is the sum or count in `window` over that in `against`, `share` that of the
            rows that satisfy `where` over that of all rows, `trend` the slope per day of the least-squares line
            through the daily sums or counts of the window, days without a row being 0. `distinct` counts different
            values, `distinct_about` estimates their number by a HyperLogLog sketch. `state` is the measure in the
            last row, null if that has none, where `last` is the last that is not null; `days_until` is the days
            from the date to the day in `measure` of the last row. `ahead` counts the coming rows of another source
            that share a value of `measure` with the rows of the window. `value` is the measure itself.
        measure: the column or declared measure aggregated.
        window: how many days back it looks, ALL for the whole past.
        against: the longer window of a ratio.
        where: SQL condition over the source's columns; only such rows count.
        what: the word for those rows; it replaces the measure in the name.
        ahead: the coming rows, for the aggregation `ahead`.
        unit: what the number counts.
        null: what a missing value means, in words.
        reason: the group of the feature in explanations, as a sentence for the customer.
        description: text before the number: `days since the last purchase: 171`.
        private: whether explanations show only the reason, not the number, such as answers of a bank or the
            household.
    """

    source: str
    aggregation: Aggregation
    unit: str
    null: str
    reason: str
    description: str
    measure: str | None = None
    window: int | None = ALL
    against: int | None = None
    where: str | None = None
    what: str | None = None
    ahead: Ahead | None = None
    private: bool = False

    @collectable
    def __post_init__(self) -> None:
        if self.aggregation not in get_args(Aggregation):
            allowed = ", ".join(get_args(Aggregation))
            raise DeclarationError(
                f"Feature {self.name}: no aggregation {self.aggregation}; the aggregations are {allowed}."
            )
        if (self.source in BUILT_IN) != (self.aggregation == "value"):
            raise DeclarationError(
                f"Feature {self.name}: the aggregation value is for {_and(BUILT_IN)} only, and they allow no other."
            )
        if (self.ahead is not None) != (self.aggregation == "ahead"):
            raise DeclarationError(f"Feature {self.name}: `ahead` and the aggregation ahead require each other.")
        self._check_measure()
        self._check_windows()
        self._check_where()

    def _check_measure(self) -> None:
        if self.aggregation in OF_EITHER:
            return
        if (self.aggregation in OF_A_MEASURE) != (self.measure is not None):
            needs = "needs a measure" if self.measure is None else f"takes no measure, but it is {self.measure}"
            raise DeclarationError(f"Feature {self.name}: {self.aggregation} {needs}.")

    def _check_windows(self) -> None:
        if self.against is not None and self.aggregation != "ratio":
            raise DeclarationError(f"Feature {self.name}: only a ratio has `against`, which is {self.against}.")
        if self.window is not None and (self.window < 1 or self.aggregation in OF_ALL_TIME):
            raise DeclarationError(
                f"Feature {self.name}: window {self.window} must be at least 1 day, and {_and(OF_ALL_TIME)} have none."
            )
        if self.aggregation == "trend" and (self.window is None or self.window < 2):
            raise DeclarationError(f"Feature {self.name}: a trend needs a window of at least 2 days.")
        if self.aggregation == "ratio" and not (self.window and self.against and self.window < self.against):
            raise DeclarationError(f"Feature {self.name}: a ratio needs a window and a longer one in `against`.")

    def _check_where(self) -> None:
        if (self.where is None) != (self.what is None):
            raise DeclarationError(
                f"Feature {self.name}: `where` and `what` require each other; where is {self.where!r} "
                f"and what {self.what!r}."
            )
        if self.what is not None and not NAME.fullmatch(self.what):
            raise DeclarationError(
                f"Feature {self.name}: what {self.what!r} must be lower-case letters, digits and underscores."
            )
        if self.aggregation == "share" and self.where is None:
            raise DeclarationError(f"Feature {self.name}: a share needs `where`, the condition of its rows.")
        if self.aggregation == "value" and self.where is not None:
            raise DeclarationError(f"Feature {self.name}: a value takes no `where`, but it is {self.where!r}.")

    @property
    def name(self) -> str:
        """`<source>_<measure>_<aggregation>_<window>`, in Spark, in the signature and in the mart."""
        if self.aggregation == "value":
            return str(self.measure) if self.source == TABLE else f"{self.source}_{self.measure}"
        parts = [self.source, self.what or self.measure, self.aggregation]
        if self.aggregation == "ratio":
            parts += [None if self.measure else "count", _days(self.window), _days(self.against)]
        elif self.aggregation == "ahead":
            parts += [f"{self.ahead.days}d" if self.ahead else None, _days(self.window)]
        elif self.aggregation not in OF_ALL_TIME:
            parts.append(_days(self.window))
        return "_".join(part for part in parts if part)

    @property
    def reach(self) -> int | None:
        """Number of days that it looks back; None without a limit."""
        return None if self.window is None else max(self.window, self.against or 0)


def _days(window: int | None) -> str:
    return "all" if window is None else f"{window}d"


def _and(names: object) -> str:
    return " and ".join(sorted(names))  # type: ignore[call-overload]
