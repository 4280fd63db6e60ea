"""Feature values from window states.

A state is one partial aggregate over one window, or over one word of 60 days. A feature's value is SQL over states
and `today`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from features.compile.partial_aggregates import PartialAggregate, PartialAggregates, add_once
from features.compile.time_sql import SHIFT, WORD
from features.declare.feature import Feature

#: aggregations that are 0, not unknown, for an entity without a row.
NONE_IS_ZERO = frozenset({"count", "sum", "active_days", "distinct", "distinct_about", "trend", "ahead"})


@dataclass(frozen=True)
class WindowState:
    """A partial aggregate over a window that ends at the date, or over the word `word` words before the date."""

    aggregate: PartialAggregate
    window: int | None
    word: int | None = None

    @property
    def name(self) -> str:
        """The column that holds it."""
        if self.word is not None:
            return f"{self.aggregate.name}_word{self.word}"
        return f"{self.aggregate.name}_{'all' if self.window is None else f'{self.window}d'}"

    @property
    def reach(self) -> int | None:
        """The largest age in days of its spans; None for the whole past."""
        return self.window if self.word is None else WORD * (self.word + 1)

    @property
    def sql(self) -> str:
        """SQL of the state over spans; a span lies entirely inside or outside the window."""
        if self.word is not None:
            within = f" filter (where word_age = {self.word})"
        else:
            within = "" if self.window is None else f" filter (where start >= today - {self.window})"
        return self.aggregate.merge.format(x=self.aggregate.name, f=within)


class WindowAggregates:
    """The partial aggregates and states that the features of one source need, and SQL of the features' values.

    Args:
        features: of one source.
        words: the number of 60-day words in the whole past.
        longest: the longest window in days; None for the whole past.
    """

    def __init__(self, features: Iterable[Feature], words: int, longest: int | None) -> None:
        self.aggregates: dict[str, PartialAggregate] = {}
        self.states: dict[str, WindowState] = {}
        self._words = words
        #: the state with the number of rows: an entity without rows has no state.
        self.presence = self._keep(PartialAggregates(None, None).rows(), longest)
        self.values = {feature.name: self._value(feature) for feature in features}

    def _keep(self, aggregate: PartialAggregate, window: int | None, word: int | None = None) -> str:
        add_once(self.aggregates, aggregate)
        state = WindowState(aggregate, window, word)
        self.states[state.name] = state
        return state.name

    def _value(self, feature: Feature) -> str:
        return str(getattr(self, f"_{feature.aggregation}")(feature, PartialAggregates(feature.what, feature.measure)))

    def _amount(self, of: PartialAggregates, measure: str | None, window: int | None) -> str:
        """Sum of the measure, or number of rows where there is none; null where there is none of them."""
        if measure is None:
            return f"cast({self._keep(of.rows(), window)} as double)"
        return f"cast({self._keep(of.sum(), window)} as double) / 1e6"

    def _count(self, feature: Feature, of: PartialAggregates) -> str:
        return f"coalesce({self._keep(of.rows(), feature.window)}, 0)"

    def _sum(self, feature: Feature, of: PartialAggregates) -> str:
        return f"coalesce({self._amount(of, feature.measure, feature.window)}, 0)"

    def _mean(self, feature: Feature, of: PartialAggregates) -> str:
        return _divided(self._amount(of, feature.measure, feature.window), self._keep(of.numbers(), feature.window))

    def _stddev(self, feature: Feature, of: PartialAggregates) -> str:
        total, n = self._keep(of.sum(), feature.window), self._keep(of.numbers(), feature.window)
        squares = self._keep(of.squares(), feature.window)
        # Whole numbers give exactly 0 for equal values; doubles would leave a rounding error.
        above = f"cast(cast({n} as decimal(38, 0)) * {squares} as decimal(38, 0)) - {_squared(total)}"
        below = f"cast(nullif({n}, 0) as double) * nullif({n} - 1, 0)"
        return f"sqrt(cast(cast({above} as decimal(38, 0)) as double) / ({below})) / 1e6"

    def _min(self, feature: Feature, of: PartialAggregates) -> str:
        return self._keep(of.extreme("min"), feature.window)

    def _max(self, feature: Feature, of: PartialAggregates) -> str:
        return self._keep(of.extreme("max"), feature.window)

    def _last(self, feature: Feature, of: PartialAggregates) -> str:
        return f"{self._keep(of.last(), feature.window)}.value"

    def _first(self, feature: Feature, of: PartialAggregates) -> str:
        return f"{self._keep(of.first(), feature.window)}.value"

    def _distinct(self, feature: Feature, of: PartialAggregates) -> str:
        return f"coalesce(size({self._keep(of.values(), feature.window)}), 0)"

    def _distinct_about(self, feature: Feature, of: PartialAggregates) -> str:
        return f"coalesce(hll_sketch_estimate({self._keep(of.sketch(), feature.window)}), 0)"

    def _ahead(self, feature: Feature, of: PartialAggregates) -> str:
        """The set of values; the plan counts the coming rows."""
        return self._keep(of.values(), feature.window)

    def _active_days(self, feature: Feature, of: PartialAggregates) -> str:
        days, window = of.days(), feature.window
        words = self._words if window is None else (window + WORD - 2) // WORD + 1
        parts = []
        for age in range(words):
            bits = f"coalesce({self._keep(days, None, age)}, 0)"
            if window is not None:
                # Bit p is day 60 * word + p: those below the window's first day are shifted out.
                first = f"today - {window} + {SHIFT} - {WORD} * ((today - 1 + {SHIFT}) div {WORD} - {age})"
                bits = f"shiftright({bits}, cast(least(greatest({first}, 0), {WORD}) as int))"
            parts.append(f"cast(bit_count({bits}) as int)")
        return f"({' + '.join(parts)})"

    def _days_since_last(self, feature: Feature, of: PartialAggregates) -> str:
        return f"today - {self._keep(of.edge('last'), feature.window)}"

    def _days_since_first(self, feature: Feature, of: PartialAggregates) -> str:
        return f"today - {self._keep(of.edge('first'), feature.window)}"

    def _interval_mean(self, feature: Feature, of: PartialAggregates) -> str:
        first, last = (self._keep(of.edge(which), feature.window) for which in ("first", "last"))
        return _divided(f"cast({last} - {first} as double)", f"{self._active_days(feature, of)} - 1")

    def _overdue(self, feature: Feature, of: PartialAggregates) -> str:
        return _divided(f"cast({self._days_since_last(feature, of)} as double)", self._interval_mean(feature, of))

    def _ratio(self, feature: Feature, of: PartialAggregates) -> str:
        some, all_ = (self._amount(of, feature.measure, window) for window in (feature.window, feature.against))
        return _divided(f"coalesce({some}, 0)", all_)

    def _share(self, feature: Feature, of: PartialAggregates) -> str:
        some = self._amount(of, feature.measure, feature.window)
        return _divided(
            f"coalesce({some}, 0)",
            self._amount(PartialAggregates(None, feature.measure), feature.measure, feature.window),
        )

    def _trend(self, feature: Feature, of: PartialAggregates) -> str:
        """Least squares over the days of the window, with x the day's number.

        The slope is (sum of xy - mean of x * sum of y) / sum of squared distances of x, and of w days in a row the
        mean is today - (w + 1) / 2 and the squared distances add up to w (w^2 - 1) / 12.
        """
        window, amount = feature.window or 0, "sum" if feature.measure else "rows"
        total = self._keep(of.sum() if feature.measure else of.rows(), window)
        moment = self._keep(of.moment(amount), window)
        middle = f"cast(2 * today - {window + 1} as decimal(38, 0)) * cast({total} as decimal(38, 0))"
        twice = f"cast(2 * {moment} as decimal(38, 0)) - cast({middle} as decimal(38, 0))"
        spread = window * (window**2 - 1) // 6 * (1_000_000 if feature.measure else 1)
        return f"coalesce(cast(cast({twice} as decimal(38, 0)) as double) / cast({spread} as double), 0)"

    def _days_until(self, feature: Feature, of: PartialAggregates) -> str:
        return f"{self._keep(of.state_day(), feature.window)}.value - today"

    def _state(self, feature: Feature, of: PartialAggregates) -> str:
        return f"{self._keep(of.state(), feature.window)}.value"


def _divided(above: str, below: str) -> str:
    return f"({above}) / nullif({below}, 0)"


def _squared(number: str) -> str:
    exact = f"cast({number} as decimal(38, 0))"
    return f"cast({exact} * {exact} as decimal(38, 0))"
