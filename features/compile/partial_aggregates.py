"""What is kept of some rows of an entity, so that the same can be told of more of them together.

Numbers are kept as whole millionths: they add up to the same whatever the order, in every engine, and what was
added can be taken off again without a trace.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from features.compile.time_sql import SHIFT, WORD
from features.declare.feature import Feature
from lake import Source
from lake.source import DeclarationError

#: how a piece changes when days enter a window and others leave it: a sum gains and loses, days are bits that are
#: masked, anything else has to be gathered again.
Kind = Literal["sum", "days", "other"]


@dataclass(frozen=True)
class Piece:
    """One mergeable aggregate.

    Attributes:
        name: the column that holds it.
        row: SQL of what one row gives, null where the row does not count.
        gather: SQL that makes the piece of rows; `{x}` is what a row gives.
        merge: SQL that makes one piece of several; `{x}` is the piece, `{f}` a filter.
        kind: how it changes from day to day.
    """

    name: str
    row: str
    gather: str
    merge: str
    kind: Kind = "other"


def row_columns(feature: Feature, source: Source, day_number: Callable[[str], str]) -> dict[str, str]:
    """Columns that its pieces read, by name: the measure, and whether a row satisfies the condition.

    Args:
        feature: the declaration.
        source: what it reads.
        day_number: makes the SQL of a day number of a column's name.
    """
    columns = {}
    if feature.measure and feature.aggregation == "days_until":
        columns[f"m_{feature.measure}_day"] = day_number(feature.measure)
    elif feature.measure:
        columns[f"m_{feature.measure}"] = source.value(feature.measure)
    if feature.what:
        columns[f"is_{feature.what}"] = f"coalesce({feature.where}, false)"
    return columns


class Pieces:
    """The pieces of the rows of one kind: all rows of a source or those of a condition, and of one measure or none."""

    def __init__(self, what: str | None, measure: str | None) -> None:
        self.base = f"{what or 'any'}__{measure or ''}"
        self._what = what
        self.value = f"m_{measure}"
        #: the measure in millionths; rounded half up, by what every engine does alike.
        self.micros = f"cast(floor(cast({self.value} as double) * 1e6 + 0.5) as bigint)"

    def rows(self) -> Piece:
        """How many rows."""
        return self._count("rows", self._of("day"))

    def numbers(self) -> Piece:
        """How many rows with a value."""
        return self._count("n", self._of(self.value))

    def sum(self) -> Piece:
        """The sum in millionths."""
        return self._sum("sum", self._of(self.micros))

    def squares(self) -> Piece:
        """The sum of squares, in millionths of millionths."""
        exact = f"cast({self.micros} as decimal(38, 0))"
        return self._wide("squares", self._of(f"cast({exact} * {exact} as decimal(38, 0))"))

    def moment(self, amount: str) -> Piece:
        """The sum over rows of the day's number times the amount, which is `rows` or `sum`."""
        by = "cast(1 as bigint)" if amount == "rows" else self.micros
        exact = f"cast(day as decimal(38, 0)) * cast({by} as decimal(38, 0))"
        return self._wide(f"moment_{amount}", self._of(f"cast({exact} as decimal(38, 0))"))

    def extreme(self, which: str) -> Piece:
        """The smallest or the largest value."""
        return self._best(which, self._of(self.value), which)

    def last(self) -> Piece:
        """The last value that is not null; of equal moments the larger, so that the order of rows does not show."""
        return self._best("last", self._known(), "max")

    def first(self) -> Piece:
        """The first value that is not null; of equal moments the smaller."""
        return self._best("first", self._known(), "min")

    def state(self) -> Piece:
        """The value of the last row, null too."""
        return self._best("state", self._told(self.value), "max")

    def state_day(self) -> Piece:
        """The day number in the last row, null too."""
        return self._best("latest", self._told(f"{self.value}_day"), "max")

    def values(self) -> Piece:
        """The different values."""
        name, row = f"{self.base}_set", self._of(self.value)
        return Piece(name, row, "collect_set({x})", "array_distinct(flatten(collect_list({x}){f}))")

    def sketch(self) -> Piece:
        """A HyperLogLog sketch of the values as text, of Apache DataSketches: 4096 registers, some 1.6% off."""
        row = self._of(f"cast({self.value} as string)")
        return Piece(f"{self.base}_hll", row, "hll_sketch_agg({x})", "hll_union_agg({x}){f}")

    def days(self) -> Piece:
        """The days with such a row, a bit each within their word of 60 days."""
        bit = f"shiftleft(cast(1 as bigint), cast((day + {SHIFT}) % {WORD} as int))"
        return Piece(f"{self.base}_days", self._of(bit), "bit_or({x})", "bit_or({x}){f}", "days")

    def edge(self, which: str) -> Piece:
        """The first or the last day with such a row."""
        return self._best(f"{which}_day", self._of("day"), {"last": "max", "first": "min"}[which])

    def _told(self, value: str) -> str:
        # Engines disagree on whether a null is the smallest or the largest.
        return self._of(f"struct(at, {value} is not null as told, {value} as value)")

    def _known(self) -> str:
        only = f"is_{self._what} and " if self._what else ""
        return f"if({only}{self.value} is not null, struct(at, {self.value} as value), null)"

    def _of(self, value: str) -> str:
        """The value of a row of this kind, null of any other."""
        return f"if(is_{self._what}, {value}, null)" if self._what else value

    def _best(self, name: str, row: str, which: str) -> Piece:
        return Piece(f"{self.base}_{name}", row, f"{which}({{x}})", f"{which}({{x}}){{f}}")

    def _count(self, name: str, row: str) -> Piece:
        return Piece(f"{self.base}_{name}", row, "count({x})", "cast(sum({x}){f} as bigint)", "sum")

    def _sum(self, name: str, row: str) -> Piece:
        total = "cast(sum({x}) as bigint)"
        return Piece(f"{self.base}_{name}", row, total, "cast(sum({x}){f} as bigint)", "sum")

    def _wide(self, name: str, row: str) -> Piece:
        total = "cast(sum({x}) as decimal(38, 0))"
        return Piece(f"{self.base}_{name}", row, total, "cast(sum({x}){f} as decimal(38, 0))", "sum")


def add_once(pieces: dict[str, Piece], piece: Piece) -> str:
    """Add the piece to those needed; features share what has one name.

    Raises:
        DeclarationError: one name for two things, which the checks of declarations should have told.
    """
    if pieces.setdefault(piece.name, piece) != piece:
        raise DeclarationError(
            f"Two features keep different things as {piece.name}; give their conditions other words."
        )
    return piece.name
