"""A declared feature: a frozen sentence about an entity's past that compiles to SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from features import calendar, contract
from features.contract import Contract
from lake import Source
from lake.source import NAME, TIMES, DeclarationError

Aggregation = Literal[
    "count", "sum", "mean", "stddev", "min", "max", "last", "distinct", "active_days", "interval_mean", "ratio",
    "share", "days_since_last", "days_since_first", "overdue", "days_until", "value",
]  # fmt: skip
#: aggregations of a column's values; the others look at the times of events only.
OF_A_MEASURE = frozenset({"sum", "mean", "stddev", "min", "max", "last", "distinct", "days_until", "value"})
#: aggregations of a column's values where one is given, of the number of events where none is.
OF_EITHER = frozenset({"ratio", "share"})
#: aggregations whose window is always the whole past, and which therefore carry no suffix.
OF_ALL_TIME = frozenset({"days_since_last", "days_since_first", "overdue", "days_until", "value"})
#: what is no log of events: its measures are taken as they stand, by the aggregation `value`.
BUILT_IN = {"contract": contract.MEASURES, "calendar": calendar.MEASURES}

#: the window that reaches back to the entity's first event.
ALL = None


@dataclass(frozen=True)
class Feature:
    """One number per entity and date, made only of rows that had happened and were known before that date.

    Attributes:
        source: the source's name; `contract` for the state of the project's contract, `calendar` for what the
            date itself says.
        aggregation: how events become a number. `active_days` counts days with an event, `interval_mean` is
            the mean number of days between consecutive such days, `overdue` is the days since the last event
            over that mean, `ratio` is the sum or count in `window` over that in `against`, `share` that of the
            rows that satisfy `where` over that of all rows, `distinct` counts different values, `days_until` is
            the days from the date to the day in `measure` of the last row, null if that has none, `value` takes a
            measure as it stands.
        measure: the column or declared measure aggregated.
        window: how many days back it looks, ALL for the whole past.
        against: the longer window of a ratio.
        where: SQL condition over the source's columns; only such rows count.
        what: the word for those rows; it stands in the name in the measure's place.
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
    where: str | None = None
    what: str | None = None

    def __post_init__(self) -> None:
        if self.aggregation not in get_args(Aggregation):
            known = ", ".join(get_args(Aggregation))
            raise DeclarationError(f"Feature {self.name}: no aggregation {self.aggregation}; there are {known}.")
        if (self.source in BUILT_IN) != (self.aggregation == "value"):
            raise DeclarationError(
                f"Feature {self.name}: the aggregation value is for {_and(BUILT_IN)}, and they have no other."
            )
        self._check_measure()
        self._check_windows()
        self._check_where()

    def _check_measure(self) -> None:
        if self.aggregation in OF_EITHER:
            return
        if (self.aggregation in OF_A_MEASURE) != (self.measure is not None):
            needs = "needs a measure" if self.measure is None else f"takes no measure, {self.measure} was given"
            raise DeclarationError(f"Feature {self.name}: {self.aggregation} {needs}.")

    def _check_windows(self) -> None:
        if self.against is not None and self.aggregation != "ratio":
            raise DeclarationError(
                f"Feature {self.name}: only a ratio is taken against a window, {self.against} was given."
            )
        if self.window is not None and (self.window < 1 or self.aggregation in OF_ALL_TIME):
            raise DeclarationError(
                f"Feature {self.name}: window {self.window} must be at least 1 day, and {_and(OF_ALL_TIME)} have none."
            )
        if self.aggregation == "ratio" and not (self.window and self.against and self.window < self.against):
            raise DeclarationError(f"Feature {self.name}: a ratio needs a window and a longer one in `against`.")

    def _check_where(self) -> None:
        if (self.where is None) != (self.what is None):
            raise DeclarationError(
                f"Feature {self.name}: `where` and `what` go together, where is {self.where!r} and what {self.what!r}."
            )
        if self.what is not None and not NAME.fullmatch(self.what):
            raise DeclarationError(
                f"Feature {self.name}: what {self.what!r} must be lower-case letters, digits and underscores."
            )
        if self.aggregation == "share" and self.where is None:
            raise DeclarationError(f"Feature {self.name}: a share needs `where`, the condition of the rows it is of.")
        if self.aggregation == "value" and self.where is not None:
            raise DeclarationError(f"Feature {self.name}: a value takes no `where`, {self.where!r} was given.")

    @property
    def name(self) -> str:
        """`<source>_<measure>_<aggregation>_<window>`: the same in Spark, in the signature and in the mart."""
        if self.aggregation == "value":
            return f"{self.source}_{self.measure}"
        parts = [self.source, self.what or self.measure, self.aggregation]
        if self.aggregation == "ratio":
            parts += [None if self.measure else "count", _days(self.window), _days(self.against)]
        elif self.aggregation not in OF_ALL_TIME:
            parts.append(_days(self.window))
        return "_".join(part for part in parts if part)

    @property
    def reach(self) -> int | None:
        """How many days back its rows can lie; None where there is no bound."""
        return None if self.window is None else max(self.window, self.against or 0)


def check(features: Sequence[Feature], sources: Sequence[Source], contract: Contract | None = None) -> None:
    """See that the declarations agree with the sources and with one another.

    Raises:
        DeclarationError: an unknown source or column, a measure of the wrong type, one name twice, or one word for
            two conditions.
    """
    by_name = {source.name: source for source in sources}
    taken = sorted(set(by_name) & set(BUILT_IN))
    if taken:
        raise DeclarationError(f"No source may be called {taken[0]}: the word is taken, choose another.")
    seen: set[str] = set()
    words: dict[tuple[str, str], str] = {}
    for feature in features:
        if feature.source in BUILT_IN:
            _check_built_in(feature, contract)
        elif feature.source not in by_name:
            raise DeclarationError(
                f"Feature {feature.name}: no source {feature.source}; there are {', '.join(by_name)}."
            )
        else:
            _check_type(feature, by_name[feature.source])
        if feature.name in seen:
            raise DeclarationError(f"Feature {feature.name} is declared twice.")
        seen.add(feature.name)
        if feature.what and words.setdefault((feature.source, feature.what), str(feature.where)) != feature.where:
            raise DeclarationError(
                f"Feature {feature.name}: {feature.what} stands for {feature.where!r} here and for "
                f"{words[feature.source, feature.what]!r} elsewhere; one word, one condition."
            )


def _check_built_in(feature: Feature, contract: Contract | None) -> None:
    measures = BUILT_IN[feature.source]
    if feature.measure not in measures:
        raise DeclarationError(
            f"Feature {feature.name}: {feature.source} has no measure {feature.measure}; it has {', '.join(measures)}."
        )
    if feature.source == "contract" and contract is None:
        raise DeclarationError(f"Feature {feature.name}: the project declares no contract.")


def _check_type(feature: Feature, source: Source) -> None:
    if feature.measure is None:
        return
    if feature.aggregation == "days_until":
        if source.column(feature.measure).type not in TIMES:
            raise DeclarationError(f"Feature {feature.name}: {feature.measure} is no date and no timestamp.")
    elif feature.aggregation == "distinct":
        source.column(feature.measure)
    else:
        try:
            source.measure(feature.measure)
        except DeclarationError as error:
            raise DeclarationError(f"Feature {feature.name}: {error}") from None


def _days(window: int | None) -> str:
    return "all" if window is None else f"{window}d"


def _and(names: object) -> str:
    return " and ".join(sorted(names))  # type: ignore[call-overload]
