"""The states at a date from those at an earlier one: what entered the windows is added, what left is taken off.

So a day costs a few days of partials, however long the history. Sums gain and lose; days are bits whose words age;
what looks at the whole past only gains. Anything else, the largest value of 30 days, say, is gathered again from the
partials of its window.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from features.compile.plan import SourcePlan
from features.compile.time_sql import SHIFT, WORD
from features.compile.windows import State


@dataclass(frozen=True)
class Step:
    """From the states at day number `before` to those at `after`."""

    plan: SourcePlan
    before: int
    after: int

    @property
    def rolled(self) -> dict[str, State]:
        """The states that follow from earlier ones."""
        return {name: one for name, one in self._states.items() if one.piece.kind != "other" or one.window is None}

    @property
    def gathered(self) -> dict[str, State]:
        """The states that have to be recomputed."""
        return {name: one for name, one in self._states.items() if name not in self.rolled}

    @property
    def _states(self) -> Mapping[str, State]:
        return self.plan.windows.states

    def entering(self, known: Mapping[int, Iterable[int]]) -> list[int]:
        """The days with rows that count now and did not before.

        Args:
            known: number of a day -> on which days its rows became known.
        """
        return [
            day
            for day, days in known.items()
            if day < self.after and any(self.before <= max(day, one) < self.after for one in days)
        ]

    def leaving(self) -> list[int]:
        """The days that lie in a window of the earlier date and no longer in that of the later."""
        windows = {one.window for one in self.rolled.values() if one.piece.kind == "sum" and one.window is not None}
        return sorted({day for window in windows for day in range(self.before - window, self.after - window)})

    def gathering(self) -> int:
        """How many days back what is rebuilt looks."""
        return max((one.window or 0 for one in self.gathered.values()), default=0)

    def sql(self, states: str, kept: Iterable[str], entering: str | None, leaving: str | None) -> str:
        """Select: the entity and the states that follow.

        Args:
            states: view of the states at the earlier date.
            kept: its columns.
            entering: view of partials of the days that enter; None where there are none.
            leaving: view of partials of the days that leave.
        """
        seen = "greatest(day, known_day)"
        parts = [self._part(states, self._carried(set(kept)), "")]
        if entering:
            parts.append(self._part(entering, self._entered(), f"{seen} >= {self.before} and {seen} < {self.after}"))
        if leaving:
            parts.append(self._part(leaving, self._left(), f"{seen} < {self.before}"))
        merged = ", ".join(f"{one.piece.merge.format(x=name, f='')} as {name}" for name, one in self.rolled.items())
        return f"select entity, {merged}\nfrom ({' union all '.join(parts)})\ngroup by entity"

    def gathered_sql(self, partials: str) -> str:
        """Select: the entity and the recomputed states."""
        spans = self.plan.spans(partials, self.gathered)
        return f"with {self.plan.grid.sql}, spans as ({spans}) {self.plan.states('spans', None, self.gathered)}"

    @staticmethod
    def _part(view: str, columns: Mapping[str, str], only: str) -> str:
        made = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
        return f"select entity, {made} from {view}{f' where {only}' if only else ''}"

    def _carried(self, kept: set[str]) -> dict[str, str]:
        passed = _word(self.after) - _word(self.before)
        columns = {}
        for name, one in self.rolled.items():
            earlier = name if one.word is None else State(one.piece, None, one.word - passed).name
            columns[name] = earlier if earlier in kept else "null"
        return columns

    def _entered(self) -> dict[str, str]:
        columns = {}
        for name, one in self.rolled.items():
            if one.word is not None:
                within = f"(day + {SHIFT}) div {WORD} = {_word(self.after) - one.word}"
            else:
                within = "true" if one.window is None else f"day >= {self.after - one.window}"
            columns[name] = f"if({within}, {one.piece.name}, null)"
        return columns

    def _left(self) -> dict[str, str]:
        columns = {}
        for name, one in self.rolled.items():
            if one.piece.kind == "sum" and one.window is not None:
                within = f"day >= {self.before - one.window} and day < {self.after - one.window}"
                columns[name] = f"if({within}, -{one.piece.name}, null)"
            else:
                columns[name] = "null"
        return columns


def _word(today: int) -> int:
    return (today - 1 + SHIFT) // WORD
