"""A declared feature: a frozen sentence about an entity's past that compiles to SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from lake import Source
from lake.source import DeclarationError

Aggregation = Literal[
    "count", "sum", "mean", "min", "max", "last", "active_days",
    "days_since_last", "days_since_first", "interval_mean", "overdue", "ratio",
]  # fmt: skip
#: aggregations of a column's values; the others look at the times of events only.
OF_A_MEASURE = frozenset({"sum", "mean", "min", "max", "last"})
#: aggregations whose window is always the whole past, and which therefore carry no suffix.
OF_ALL_TIME = frozenset({"days_since_last", "days_since_first", "overdue"})

#: the window that reaches back to the entity's first event.
ALL = None


@dataclass(frozen=True)
class Feature:
    """One number per entity and date, made only of rows that had happened and were known before that date.

    Attributes:
        source: the source's name.
        aggregation: how events become a number. `active_days` counts days with an event, `interval_mean` is
            the mean number of days between consecutive such days, `overdue` is the days since the last event
            over that mean, `ratio` is the count in `window` over the count in `against`.
        measure: the column aggregated, for sum, mean, min, max and last.
        window: how many days back it looks, ALL for the whole past.
        against: the longer window of a ratio.
        unit: what the number counts.
        null: what a missing value means, in words.
        reason: the group it speaks for when a score is explained, said as to a person.
        description: reads before the number: `days since the last purchase: 171`.
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

    def __post_init__(self) -> None:
        if self.aggregation not in get_args(Aggregation):
            known = ", ".join(get_args(Aggregation))
            raise DeclarationError(f"Feature {self.name}: no aggregation {self.aggregation}; there are {known}.")
        if self.against is not None and self.aggregation != "ratio":
            raise DeclarationError(
                f"Feature {self.name}: only a ratio is taken against a window, {self.against} was given."
            )
        if (self.aggregation in OF_A_MEASURE) != (self.measure is not None):
            needs = "needs a measure" if self.measure is None else f"takes no measure, {self.measure} was given"
            raise DeclarationError(f"Feature {self.name}: {self.aggregation} {needs}.")
        if self.window is not None and (self.window < 1 or self.aggregation in OF_ALL_TIME):
            raise DeclarationError(
                f"Feature {self.name}: window {self.window} must be at least 1 day, and {_all_time()} have none."
            )
        if self.aggregation == "ratio" and not (self.window and self.against and self.window < self.against):
            raise DeclarationError(f"Feature {self.name}: a ratio needs a window and a longer one in `against`.")

    @property
    def name(self) -> str:
        """`<source>_<measure>_<aggregation>_<window>`: the same in Spark, in the signature and in the mart."""
        parts = [self.source, self.measure, self.aggregation]
        if self.aggregation == "ratio":
            parts += ["count", _days(self.window), _days(self.against)]
        elif self.aggregation not in OF_ALL_TIME:
            parts.append(_days(self.window))
        return "_".join(part for part in parts if part)


def check(features: Sequence[Feature], sources: Sequence[Source]) -> None:
    """See that the declarations agree with the sources and with one another.

    Raises:
        DeclarationError: an unknown source or column, a measure that is not a number, or one name twice.
    """
    by_name = {source.name: source for source in sources}
    seen: set[str] = set()
    for feature in features:
        if feature.source not in by_name:
            raise DeclarationError(
                f"Feature {feature.name}: no source {feature.source}; there are {', '.join(by_name)}."
            )
        if feature.measure and by_name[feature.source].column(feature.measure).type not in {
            "bigint",
            "double",
        }:
            raise DeclarationError(f"Feature {feature.name}: {feature.measure} is not a number.")
        if feature.name in seen:
            raise DeclarationError(f"Feature {feature.name} is declared twice.")
        seen.add(feature.name)


def _days(window: int | None) -> str:
    return "all" if window is None else f"{window}d"


def _all_time() -> str:
    return " and ".join(sorted(OF_ALL_TIME))
