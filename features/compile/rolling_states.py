"""Window states computed from those at an earlier date: entering days are added, leaving days are subtracted.

A step reads a few days of daily aggregates, however long the history is. Other states, such as the maximum of 30 days,
are recomputed from the daily aggregates of their window.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from features.compile.plan import SourcePlan
from features.compile.time_sql import SHIFT, WORD
from features.compile.windows import WindowState


@dataclass(frozen=True)
class RollingStep:
    """From the states at day number `before` to those at `after`."""

    plan: SourcePlan
    before: int
    after: int

    @property
    def rolled(self) -> dict[str, WindowState]:
        """The states that can be computed from earlier ones."""
        return {
            name: state
            for name, state in self._states.items()
            if state.aggregate.kind != "other" or state.window is None
        }

    @property
    def gathered(self) -> dict[str, WindowState]:
        """The states that must be recomputed."""
        return {name: state for name, state in self._states.items() if name not in self.rolled}

    @property
    def _states(self) -> Mapping[str, WindowState]:
        return self.plan.windows.states

    def entering(self, known_days: Mapping[int, Iterable[int]]) -> list[int]:
        """The days with rows that became known between the two dates.

        Args:
            known_days: number of a day -> the days on which its rows became known.
        """
        return [
            day
            for day, days in known_days.items()
            if day < self.after and any(self.before <= max(day, known_day) < self.after for known_day in days)
        ]

    def leaving(self) -> list[int]:
        """The days that lie in a window of the earlier date but not of the later one."""
        windows = {
            state.window for state in self.rolled.values() if state.aggregate.kind == "sum" and state.window is not None
        }
        return sorted({day for window in windows for day in range(self.before - window, self.after - window)})

    def gathering(self) -> int:
        """How many days back what is rebuilt looks."""
        return max((state.window or 0 for state in self.gathered.values()), default=0)

    def sql(self, states: str, columns: Iterable[str], entering: str | None, leaving: str | None) -> str:
        """Select: the entity and the rolled states.

        Args:
            states: view of the states at the earlier date.
            columns: its columns.
            entering: view of partials of the days that enter; None where there are none.
            leaving: view of partials of the days that leave.
        """
        seen = "greatest(day, known_day)"
        parts = [self._part(states, self._carried(set(columns)), "")]
        if entering:
            parts.append(self._part(entering, self._entered(), f"{seen} >= {self.before} and {seen} < {self.after}"))
        if leaving:
            parts.append(self._part(leaving, self._left(), f"{seen} < {self.before}"))
        merged = ", ".join(
            f"{state.aggregate.merge.format(x=name, f='')} as {name}" for name, state in self.rolled.items()
        )
        return f"select entity, {merged}\nfrom ({' union all '.join(parts)})\ngroup by entity"

    def gathered_sql(self, partials: str) -> str:
        """Select: the entity and the recomputed states."""
        spans = self.plan.spans(partials, self.gathered)
        return f"with {self.plan.grid.sql}, spans as ({spans}) {self.plan.states('spans', None, self.gathered)}"

    @staticmethod
    def _part(view: str, columns: Mapping[str, str], only: str) -> str:
        selected = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
        return f"select entity, {selected} from {view}{f' where {only}' if only else ''}"

    def _carried(self, columns_before: set[str]) -> dict[str, str]:
        passed = _word(self.after) - _word(self.before)
        columns = {}
        for name, state in self.rolled.items():
            earlier = name if state.word is None else WindowState(state.aggregate, None, state.word - passed).name
            columns[name] = earlier if earlier in columns_before else "null"
        return columns

    def _entered(self) -> dict[str, str]:
        columns = {}
        for name, state in self.rolled.items():
            if state.word is not None:
                within = f"(day + {SHIFT}) div {WORD} = {_word(self.after) - state.word}"
            else:
                within = "true" if state.window is None else f"day >= {self.after - state.window}"
            columns[name] = f"if({within}, {state.aggregate.name}, null)"
        return columns

    def _left(self) -> dict[str, str]:
        columns = {}
        for name, state in self.rolled.items():
            if state.aggregate.kind == "sum" and state.window is not None:
                within = f"day >= {self.before - state.window} and day < {self.after - state.window}"
                columns[name] = f"if({within}, -{state.aggregate.name}, null)"
            else:
                columns[name] = "null"
        return columns


def _word(today: int) -> int:
    return (today - 1 + SHIFT) // WORD
