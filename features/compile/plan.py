"""Compile declarations to one SQL plan.

Rows are grouped into spans: one per entity and range of days that no window boundary divides. Spans are merged into
states, one per entity and date. States give feature values. A row is used at a date only if its event day and its
known day are both earlier. The rows are grouped by entity once, whatever the number of windows.
"""

from collections.abc import Iterable, Mapping, Sequence

from features.compile.grid import Grid
from features.compile.partial_aggregates import PartialAggregate, row_columns
from features.compile.time_sql import SHIFT, WORD
from features.compile.windows import NONE_IS_ZERO, WindowAggregates, WindowState
from features.declare import calendar
from features.declare.feature import Feature
from lake import Source

#: states are computed separately by window length in days: up to a month, a quarter, half a year, and longer.
BOUNDS = (31, 92, 183)


def snapshot_sql(
    features: Sequence[Feature], sources: Sequence[Source], entity: str, grid: Grid, members: str | None = None
) -> str:
    """SQL with one row per entity and date: the entity, `as_of`, then every feature as a double.

    The sources are read from views of their own names, as the lake registers them.

    Args:
        features: the declarations; a source without one is not read.
        sources: of the project.
        entity: name of the entity's column.
        grid: the dates.
        members: view of the entities and dates wanted, with the contract's columns, which come along. None for
            every entity that has a row that counts, in any source.
    """
    plans = source_plans(features, sources, grid)
    steps = {name: sql for plan in plans for name, sql in plan.steps(members).items()}
    return with_steps(grid, steps) + joined(features, plans, entity, members)


def source_plans(features: Sequence[Feature], sources: Sequence[Source], grid: Grid) -> list["SourcePlan"]:
    """The plan of every source that has a feature."""
    used = {feature.source for feature in features}
    return [SourcePlan(source, features, grid, sources) for source in sources if source.name in used]


def with_steps(grid: Grid, steps: Mapping[str, str]) -> str:
    """The grid and the steps as common table expressions."""
    expressions = [grid.sql, *(f"{name} as (\n{sql}\n)" for name, sql in steps.items())]
    return "with " + ",\n".join(expressions) + "\n"


def joined(features: Sequence[Feature], plans: Sequence["SourcePlan"], entity: str, members: str | None) -> str:
    """The last step: the features of all sources by entity and date, in the order of the declarations."""
    names = [f"{plan.source.name}_windows" for plan in plans]
    # A key is in any of them; to gather the keys first would make every one of them twice.
    first, how = (names.pop(0), "full") if members is None else (members, "left")
    also = "" if members is None else "contract_state, already_left, "
    joins = "".join(f"\n{how} join {name} using (entity, as_of)" for name in names)
    columns = ", ".join(_column(feature) for feature in features)
    return f"select entity as {entity}, as_of, {also}{columns}\nfrom {first}{joins}"


def _column(feature: Feature) -> str:
    name = feature.name
    if feature.source == "calendar":
        return f"cast({calendar.MEASURES[feature.measure or '']} as double) as {name}"
    # An entity without a row in a source has no window there: what counts is 0, the rest is null.
    return f"coalesce({name}, 0) as {name}" if feature.aggregation in NONE_IS_ZERO else name


def _by_reach(states: Iterable[WindowState]) -> list[tuple[int | None, dict[str, WindowState]]]:
    """States grouped by window length, the longest windows last."""
    groups: dict[int | None, dict[str, WindowState]] = {bound: {} for bound in (*BOUNDS, None)}
    for state in states:
        bound = next((limit for limit in BOUNDS if state.reach is not None and state.reach <= limit), None)
        groups[bound][state.name] = state
    return [(bound, some) for bound, some in groups.items() if some]


def _aggregates_of(states: Mapping[str, WindowState]) -> dict[str, PartialAggregate]:
    return {state.aggregate.name: state.aggregate for state in states.values()}


class SourcePlan:
    """The plan of the features of one source over a grid."""

    def __init__(self, source: Source, features: Sequence[Feature], grid: Grid, sources: Sequence[Source]) -> None:
        self.source, self.grid = source, grid
        self.sources = {other.name: other for other in sources}
        self.features = tuple(feature for feature in features if feature.source == source.name)
        reaches = [feature.reach for feature in self.features]
        #: the longest window in days; None for the whole past.
        self.longest = None if None in reaches else max(reach for reach in reaches if reach is not None)
        self.windows = WindowAggregates(self.features, grid.words, self.longest)

    @property
    def shared(self) -> tuple[str, ...]:
        """The steps that several others read."""
        name = self.source.name
        ahead = any(feature.aggregation == "ahead" for feature in self.features)
        several = (f"{name}_spans", f"{name}_past") if len(self.grid.dates) > 1 else ()
        return (*several, *([f"{name}_states"] if ahead else []))

    def rows(self) -> str:
        """Select: entity, `at`, `day`, `known_day`, and the columns that aggregates read; one row per source row."""
        columns: dict[str, str] = {}
        for feature in self.features:
            columns |= row_columns(feature, self.source, self._day_number)
        also = "".join(f", {sql} as {name}" for name, sql in columns.items())
        return (
            f"select {self.source.entity} as entity, {self.source.event_time} as at, "
            f"{self.grid.day(self.source)} as day, {self.grid.known_day(self.source)} as known_day{also}\n"
            f"from {self.source.name}"
        )

    def partials(self) -> str:
        """Select: the partial aggregates by entity, `day` and `known_day`."""
        columns = [
            f"{aggregate.gather.format(x=aggregate.row)} as {name}"
            for name, aggregate in self.windows.aggregates.items()
        ]
        keys = "entity, day, known_day"
        return f"select {keys}, {', '.join(columns)}\nfrom ({self.rows()})\ngroup by {keys}"

    def spans(
        self,
        partials: str | None = None,
        states: Mapping[str, WindowState] | None = None,
        members: str | None = None,
    ) -> str:
        """Select: the partial aggregates by entity, `start` and, with several dates, `seen`.

        They are computed from rows, or from `partials`, a view of daily aggregates. With `states`, only the aggregates
        of these. With `members`, only the rows before the last date of each member.
        """
        wanted = self.windows.aggregates if states is None else _aggregates_of(states)
        aggregates = wanted.items()
        if partials is None:
            columns, rows = (
                [f"{aggregate.gather.format(x=aggregate.row)} as {name}" for name, aggregate in aggregates],
                f"({self.rows()})",
            )
        else:
            columns, rows = (
                [f"{aggregate.merge.format(x=name, f='')} as {name}" for name, aggregate in aggregates],
                partials,
            )
        by_word = any(aggregate.kind == "days" for aggregate in wanted.values())
        windows = {w for feature in self.features for w in (feature.window, feature.against) if w is not None}
        key = f"{self.grid.start(sorted(windows), by_word)} as start"
        several = len(self.grid.dates) > 1
        past = self._past()
        if members is not None:
            last = f"select entity, max(today) as until from {members} join grid using (as_of) group by entity"
            rows, past = f"{rows} join ({last}) using (entity)", f"{past} and day < until"
        if several:
            key += f",\n  {self.grid.seen()} as seen"
        return (
            f"select entity, start{', seen' if several else ''}, {', '.join(columns)}\n"
            f"from (select *, {key} from {rows} where {past})\n"
            f"group by entity, start{', seen' if several else ''}"
        )

    def steps(self, members: str | None, *, members_are_few: bool = False) -> dict[str, str]:
        """Common table expressions by name, from rows to `<source>_windows`.

        Where members are few, rows of others and later rows are left out first.

        With several dates a row counts at every later one, and at most of them only for the whole past: states are
        made apart by how far back they look, and those of the whole past from spans made coarser.
        """
        name = self.source.name
        spans, states = f"{name}_spans", f"{name}_states"
        if len(self.grid.dates) == 1:
            steps = {spans: self.spans(), states: self.states(spans, members, self.windows.states)}
            return steps | self.numbers(states)
        steps = {spans: self.spans(members=members if members_are_few else None)}
        parts = list[str]()
        for bound, some in _by_reach(self.windows.states.values()):
            part, of = f"{states}_{bound or 'all'}", spans
            if bound is None:
                of = f"{name}_past"
                steps[of] = self._coarser(spans, some)
            steps[part] = self.states(of, members, some)
            parts.append(part)
        # The last part looks back the furthest: it has everybody.
        joins = "".join(f" left join {part} using (entity, as_of, today)" for part in parts[:-1])
        steps[states] = f"select * from {parts[-1]}{joins}"
        return steps | self.numbers(states)

    def _coarser(self, spans: str, states: Mapping[str, WindowState]) -> str:
        """Select: spans of whole words, cut where one of the states' windows begins at a date."""
        aggregates = _aggregates_of(states)
        merged = ", ".join(
            f"{aggregate.merge.format(x=name, f='')} as {name}" for name, aggregate in aggregates.items()
        )
        windows = {state.window for state in states.values() if state.window is not None}
        start = self.grid.start(sorted(windows), by_word=True, of="start")
        return f"select entity, {start} as start, seen, {merged}\nfrom {spans}\ngroup by entity, {start}, seen"

    def states(self, spans: str, members: str | None, states: Mapping[str, WindowState]) -> str:
        """Select: states by entity, `as_of` and `today`, of the entities and dates of `members` or of all."""
        within, reaches = [], [state.reach for state in states.values()]
        if len(self.grid.dates) > 1:
            within = ["seen <= today"]
            if None not in reaches:
                within.append(f"start >= today - {max(reach for reach in reaches if reach is not None)}")
        wanted = "grid" if members is None else f"(select entity, as_of, today from {members} join grid using (as_of))"
        using = "" if members is None else " using (entity)"
        join = f"{spans} {'cross ' if members is None else ''}join {wanted}{using}"
        word = f"(today - 1 + {SHIFT}) div {WORD} - (start + {SHIFT}) div {WORD}"
        only = f" where {' and '.join(within)}" if within else ""
        columns = ",\n  ".join(f"{state.sql} as {name}" for name, state in states.items())
        return (
            f"select entity, as_of, today,\n  {columns}\nfrom (select *, {word} as word_age from {join}{only})\n"
            "group by entity, as_of, today"
        )

    def numbers(self, states: str) -> dict[str, str]:
        """Common table expressions by name; the last, `<source>_windows`, has every feature by entity and `as_of`."""
        name, steps, joins = self.source.name, {}, []
        columns = []
        for feature in self.features:
            value = self.windows.values[feature.name]
            if feature.aggregation == "ahead":
                view = f"{feature.name}_of"
                steps[f"{feature.name}_coming"] = self._coming(feature)
                values = f"select entity, today, explode({value}) as value from {states}"
                steps[view] = (
                    f"select entity, today, sum(coming) as coming from ({values}) "
                    f"join {feature.name}_coming using (today, value) group by entity, today"
                )
                joins.append(f" left join {view} using (entity, today)")
                value = f"coalesce({view}.coming, 0)"
            columns.append(f"cast({value} as double) as {feature.name}")
        steps[f"{name}_windows"] = (
            "select entity, as_of,\n  " + ",\n  ".join(columns) + f"\nfrom {states}{''.join(joins)}"
        )
        return steps

    def _past(self) -> str:
        numbers = self.grid.numbers
        reach = "" if self.longest is None else f" and day >= {numbers[0] - self.longest}"
        return f"day < {numbers[-1]} and known_day < {numbers[-1]}{reach}"

    def _day_number(self, column: str) -> str:
        return self.grid.number(column, self.source.kind(column) or "date")

    def _coming(self, feature: Feature) -> str:
        """Select: how many rows are to come for a value, by `today` and `value`."""
        coming = feature.ahead
        if coming is None:  # the declaration was checked
            raise AssertionError(feature.name)
        other = self.sources[coming.source]
        day = self.grid.number(coming.day, other.kind(coming.day) or "date")
        return (
            f"select today, value, count(*) as coming from (select {other.value(coming.matches)} as value, "
            f"{day} as day, {self.grid.known_day(other)} as known_day from {other.name}) "
            f"join grid on known_day < today and day >= today and day < today + {coming.days} group by today, value"
        )
