"""Partial aggregates: numbers about some rows of an entity that can be merged with those about other rows.

Numbers are whole millionths. So sums do not depend on the order of rows or on the engine, and a number that was
added can be subtracted exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from features.compile.time_sql import SHIFT, WORD
from features.declare.feature import Feature
from lake import Source
from lake.declarations import DeclarationError

#: how an aggregate changes when days enter and leave a window: a sum is added to and subtracted from, days are bits
#: that are masked, any other aggregate is recomputed.
Kind = Literal["sum", "days", "other"]


@dataclass(frozen=True)
class PartialAggregate:
    """One mergeable aggregate.

    Attributes:
        name: the column that holds it.
        row: SQL of the value of one row, null if the row is not aggregated.
        gather: SQL that aggregates rows; `{x}` is the value of a row.
        merge: SQL that merges partial aggregates; `{x}` is the column, `{f}` a filter.
        kind: how it changes from day to day.
    """

    name: str
    row: str
    gather: str
    merge: str
    kind: Kind = "other"


def row_columns(feature: Feature, source: Source, day_number: Callable[[str], str]) -> dict[str, str]:
    """SQL of the columns that a feature's aggregates read, by name: the measure, and whether the condition holds.

    Args:
        feature: the declaration.
        source: the source of the feature.
        day_number: returns SQL of the day number of a column.
    """
    columns = {}
    if feature.measure and feature.aggregation == "days_until":
        columns[f"m_{feature.measure}_day"] = day_number(feature.measure)
    elif feature.measure:
        columns[f"m_{feature.measure}"] = source.value(feature.measure)
    if feature.what:
        columns[f"is_{feature.what}"] = f"coalesce({feature.where}, false)"
    return columns


class PartialAggregates:
    """The partial aggregates of one selection of rows: all rows or those of a condition, with or without a measure."""

    def __init__(self, what: str | None, measure: str | None) -> None:
        self.base = f"{what or 'any'}__{measure or ''}"
        self._what = what
        self.value = f"m_{measure}"
        #: the measure in millionths, rounded half up with functions that all engines share.
        self.micros = f"cast(floor(cast({self.value} as double) * 1e6 + 0.5) as bigint)"

    def rows(self) -> PartialAggregate:
        """How many rows."""
        return self._count("rows", self._of("day"))

    def numbers(self) -> PartialAggregate:
        """How many rows with a value."""
        return self._count("n", self._of(self.value))

    def sum(self) -> PartialAggregate:
        """The sum in millionths."""
        return self._sum("sum", self._of(self.micros))

    def squares(self) -> PartialAggregate:
        """The sum of squares, in millionths of millionths."""
        exact = f"cast({self.micros} as decimal(38, 0))"
        return self._wide("squares", self._of(f"cast({exact} * {exact} as decimal(38, 0))"))

    def moment(self, amount: str) -> PartialAggregate:
        """The sum over rows of the day's number times the amount, which is `rows` or `sum`."""
        by = "cast(1 as bigint)" if amount == "rows" else self.micros
        exact = f"cast(day as decimal(38, 0)) * cast({by} as decimal(38, 0))"
        return self._wide(f"moment_{amount}", self._of(f"cast({exact} as decimal(38, 0))"))

    def extreme(self, which: str) -> PartialAggregate:
        """The smallest or the largest value."""
        return self._best(which, self._of(self.value), which)

    def last(self) -> PartialAggregate:
        """The last value that is not null; of equal moments the larger, so that the order of rows does not show."""
        return self._best("last", self._with_value(), "max")

    def first(self) -> PartialAggregate:
        """The first value that is not null; of equal moments the smaller."""
        return self._best("first", self._with_value(), "min")

    def state(self) -> PartialAggregate:
        """The value of the last row, null too."""
        return self._best("state", self._last_row(self.value), "max")

    def state_day(self) -> PartialAggregate:
        """The day number in the last row, null too."""
        return self._best("latest", self._last_row(f"{self.value}_day"), "max")

    def values(self) -> PartialAggregate:
        """The different values."""
        name, row = f"{self.base}_set", self._of(self.value)
        return PartialAggregate(name, row, "collect_set({x})", "array_distinct(flatten(collect_list({x}){f}))")

    def sketch(self) -> PartialAggregate:
        """A HyperLogLog sketch of the values as text, of Apache DataSketches: 4096 registers, some 1.6% off."""
        row = self._of(f"cast({self.value} as string)")
        return PartialAggregate(f"{self.base}_hll", row, "hll_sketch_agg({x})", "hll_union_agg({x}){f}")

    def days(self) -> PartialAggregate:
        """The days with such a row, a bit each within their word of 60 days."""
        bit = f"shiftleft(cast(1 as bigint), cast((day + {SHIFT}) % {WORD} as int))"
        return PartialAggregate(f"{self.base}_days", self._of(bit), "bit_or({x})", "bit_or({x}){f}", "days")

    def edge(self, which: str) -> PartialAggregate:
        """The first or the last day with such a row."""
        return self._best(f"{which}_day", self._of("day"), {"last": "max", "first": "min"}[which])

    def _last_row(self, value: str) -> str:
        # Engines disagree on whether a null is the smallest or the largest.
        return self._of(f"struct(at, {value} is not null as told, {value} as value)")

    def _with_value(self) -> str:
        only = f"is_{self._what} and " if self._what else ""
        return f"if({only}{self.value} is not null, struct(at, {self.value} as value), null)"

    def _of(self, value: str) -> str:
        """The value of a row of this kind, null of any other."""
        return f"if(is_{self._what}, {value}, null)" if self._what else value

    def _best(self, name: str, row: str, which: str) -> PartialAggregate:
        return PartialAggregate(f"{self.base}_{name}", row, f"{which}({{x}})", f"{which}({{x}}){{f}}")

    def _count(self, name: str, row: str) -> PartialAggregate:
        return PartialAggregate(f"{self.base}_{name}", row, "count({x})", "cast(sum({x}){f} as bigint)", "sum")

    def _sum(self, name: str, row: str) -> PartialAggregate:
        total = "cast(sum({x}) as bigint)"
        return PartialAggregate(f"{self.base}_{name}", row, total, "cast(sum({x}){f} as bigint)", "sum")

    def _wide(self, name: str, row: str) -> PartialAggregate:
        total = "cast(sum({x}) as decimal(38, 0))"
        return PartialAggregate(f"{self.base}_{name}", row, total, "cast(sum({x}){f} as decimal(38, 0))", "sum")


def add_once(aggregates: dict[str, PartialAggregate], aggregate: PartialAggregate) -> str:
    """Add an aggregate to those needed; features share aggregates of the same name.

    Raises:
        DeclarationError: two different aggregates have the same name.
    """
    if aggregates.setdefault(aggregate.name, aggregate) != aggregate:
        raise DeclarationError(
            f"Two features need different aggregates named {aggregate.name}; give their conditions different words."
        )
    return aggregate.name
