"""Window states of all entities at one date, stored so that the next date is computed from them."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from features.compile.grid import Grid
from features.compile.plan import (
    SourcePlan,
    joined,
    source_plans,
    with_steps,
)
from features.compile.rolling_states import RollingStep
from features.compile.time_sql import day_number
from features.daily_aggregates import DailyAggregates
from features.declare.snapshot_spec import SnapshotSpec
from lake import Table
from lake.identity import related
from stack.engines.engine import Engine
from stack.folders.atomic import fresh_partial, publish_directory
from stack.folders.checked_folder import is_whole, seal

#: increase this when the same daily aggregates give other states.
VERSION = 2
#: states older than this many days are not rolled forward: computing all states is as cheap.
OLDEST = 10


class WindowStates:
    """The daily aggregates and window states of a project.

    Args:
        folder: where they are stored.
        spec: the declarations.
        tables: the lake's tables by source.
        since: the first day of the data.
    """

    def __init__(self, folder: Path, spec: SnapshotSpec, tables: Mapping[str, Table], since: date) -> None:
        self.folder, self.spec, self._tables, self._since = folder, spec, tables, since

    @property
    def has_aggregates(self) -> bool:
        """Whether daily aggregates were stored before."""
        return (self.folder / "partials").exists()

    def plan_sql(self, engine: Engine, as_of: date, members: str | None) -> str:
        """SQL like that of `snapshot_sql` for one date, over states that are computed now and stored.

        Args:
            engine: runs the SQL of the states.
            as_of: the date.
            members: view of the entities wanted, or None for all.
        """
        grid = Grid.of([as_of], self._since, self.spec.time_zone)
        plans = source_plans(self.spec.features, self.spec.sources, grid)
        steps: dict[str, str] = {}
        for plan in plans:
            if not plan.source.is_dated:  # its rows are not stored by day, so no day can be added to earlier states
                steps |= plan.steps(members)
                continue
            view = f"{plan.source.name}_at_date"
            self._show_states(engine, plan, as_of, view)
            today = f"date'{as_of.isoformat()}' as as_of, {day_number(as_of)} as today"
            steps[f"{plan.source.name}_states"] = (
                # An entity without rows in any window is left out.
                f"select *, {today} from {view} where {plan.windows.presence} > 0"
            )
            steps |= plan.numbers(f"{plan.source.name}_states")
        return with_steps(grid, steps) + joined(self.spec.features, plans, self.spec.entity, members)

    def _show_states(self, engine: Engine, plan: SourcePlan, as_of: date, view: str) -> None:
        target = self._path(plan, as_of)
        if not is_whole(target):
            partials = DailyAggregates(self.folder / "partials" / plan.source.name, plan, self._tables)
            partials.refresh(engine)
            earlier = self._earlier(plan, as_of)
            partial = fresh_partial(target.parent / "states")
            step = None if earlier is None else RollingStep(plan, day_number(earlier), day_number(as_of))
            if earlier is None or step is None or not _can_roll(step, partials):
                _gather(engine, plan, partials, partial)
            else:
                _roll(engine, step, partials, self._path(plan, earlier), partial)
            seal(partial)
            publish_directory(partial, target)
            for old in sorted(target.parent.iterdir())[:-2]:
                shutil.rmtree(old)
        engine.show_files(view, [target])

    def _earlier(self, plan: SourcePlan, as_of: date) -> date | None:
        """The latest earlier date with stored states that are up to date."""
        for back in range(1, OLDEST + 1):
            day = date.fromordinal(as_of.toordinal() - back)
            if is_whole(self._path(plan, day)):
                return day
        return None

    def _path(self, plan: SourcePlan, as_of: date) -> Path:
        """Folder of the states of the rows known before the date."""
        day = as_of.isoformat()
        known_rows = [
            sorted(
                (checksum.day, checksum.known_day, checksum.rows, checksum.content)
                for checksum in self._tables[source.name].checksums()
                if max(checksum.day, checksum.known_day) < day
            )
            for source in (plan.source, *related(plan.source))
        ]
        text = repr((VERSION, plan.source, plan.features, self.spec.time_zone, known_rows))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self.folder / "states" / plan.source.name / f"{day}-{digest}"


def _gather(engine: Engine, plan: SourcePlan, partials: DailyAggregates, target: Path) -> None:
    """Compute all states from all daily aggregates."""
    engine.show_files("day_partials", partials.files(engine, partials.days()))
    spans, states = plan.spans("day_partials"), plan.states("spans", None, plan.windows.states)
    names = ", ".join(plan.windows.states)
    engine.save(f"with {plan.grid.sql}, spans as ({spans}) select entity, {names} from ({states})", target)
    engine.drop("day_partials")


def _can_roll(step: RollingStep, partials: DailyAggregates) -> bool:
    """Whether some day of the longest window has a row; a sparse source can have none."""
    days = partials.days()
    return not step.gathered or any(days.get(day) for day in range(step.after - step.gathering(), step.after))


def _roll(engine: Engine, step: RollingStep, partials: DailyAggregates, earlier: Path, target: Path) -> None:
    """Roll earlier states forward, and recompute the states that cannot be rolled."""
    known_days = partials.days()
    views: list[str] = ["earlier_states"]
    engine.show_files("earlier_states", [earlier])

    def show(view: str, days: Sequence[int]) -> str | None:
        files = partials.files(engine, days)
        if not files:
            return None
        engine.show_files(view, files)
        views.append(view)
        return view

    entering, leaving = show("entering", step.entering(known_days)), show("leaving", step.leaving())
    sql = step.sql("earlier_states", engine.columns("earlier_states"), entering, leaving)
    recomputed = show("gathered", range(step.after - step.gathering(), step.after)) if step.gathered else None
    if recomputed:
        names = ", ".join(f"again.{name}" for name in step.gathered)
        rolled_columns = ", ".join(f"rolled.{name}" for name in step.rolled)
        sql = (
            f"select rolled.entity, {rolled_columns}, {names} from ({sql}) as rolled "
            f"left join ({step.gathered_sql(recomputed)}) as again on rolled.entity = again.entity"
        )
    elif step.gathered:
        raise AssertionError("no daily aggregates in the longest window")  # the source would end before the date
    engine.save(sql, target)
    for view in views:
        engine.drop(view)
