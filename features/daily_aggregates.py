"""Daily aggregates: partial aggregates of a source by entity, event day and known day, stored as Parquet.

Only days whose rows changed are rebuilt: a late event rebuilds the day on which it happened.
"""

import json
import shutil
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

from features.compile.plan import SourcePlan
from features.compile.time_sql import EPOCH, day_number
from lake import DayChecksum, Source, Table, base, view_sql
from lake.identity import related
from stack.engines.engine import Engine
from stack.folders.atomic import fresh_partial, publish_directory, replace_text
from stack.folders.checked_folder import (
    BrokenFolderError,
    check,
    seal,
    warn_once,
)
from stack.folders.digest import short_digest

#: increase this when the same declarations give other aggregates.
VERSION = 2


class DailyAggregates:
    """The daily aggregates of one source.

    Args:
        folder: where they are stored.
        plan: of the source's features; any date will do.
        tables: the lake's tables by source.
    """

    def __init__(self, folder: Path, plan: SourcePlan, tables: Mapping[str, Table]) -> None:
        self.folder, self.plan, self.source, self._tables = folder, plan, plan.source, tables

    @property
    def digest(self) -> str:
        """Hash of the declarations that determine the aggregates of given rows."""
        return short_digest(VERSION, self.source, self.plan.features, self.plan.grid.time_zone)

    def refresh(self, engine: Engine) -> list[int]:
        """Rebuild the days whose rows are new or changed.

        Returns:
            The numbers of the rebuilt days.
        """
        wanted, before = self._expected_digests(), self._manifest()
        changed = [day for day, digest in wanted.items() if before.get(day, ("", []))[0] != digest]
        known_days = self._make(engine, changed, wanted) if changed else {}
        manifest = {
            day: (digest, known_days[day] if day in known_days else before[day][1]) for day, digest in wanted.items()
        }
        if manifest != before:
            text = json.dumps({str(day): entry for day, entry in manifest.items()}, indent=1) + "\n"
            replace_text(self.folder / "current.json", text)
            current = {self._path(day, digest) for day, (digest, _) in manifest.items()}
            for old in self.folder.glob("day=*/*"):
                if old not in current:
                    shutil.rmtree(old)
        return changed

    def days(self) -> dict[int, list[int]]:
        """Number of a day -> the numbers of the days on which its rows became known."""
        return {day: known_days for day, (_, known_days) in self._manifest().items()}

    def files(self, engine: Engine, days: Iterable[int]) -> list[Path]:
        """The folders of these days, if they have rows with an entity; damaged folders are rebuilt."""
        manifest = self._manifest()
        folders = {
            day: self._path(day, manifest[day][0]) for day in sorted(set(days)) if day in manifest and manifest[day][1]
        }
        broken = self._broken(folders)
        if broken:
            self._make(engine, broken, {day: digest for day, (digest, _) in manifest.items()})
        return list(folders.values())

    def _make(self, engine: Engine, days: Sequence[int], wanted: Mapping[int, str]) -> dict[int, list[int]]:
        show_months(engine, self._tables, self.source, {f"{EPOCH + timedelta(days=day):%Y-%m}" for day in days})
        partial = fresh_partial(self.folder / "days")
        some = "" if len(days) == len(wanted) else f" where day in ({', '.join(map(str, days))})"
        engine.write(f"select *, day as made from ({self.plan.partials()}){some}", partial, "made", "entity")
        engine.show_files("made_partials", sorted(partial.glob("made=*")))
        known_days: dict[int, list[int]] = defaultdict(list)
        for day, known_day in engine.rows("select distinct day, known_day from made_partials order by day, known_day"):
            known_days[int(str(day))].append(int(str(known_day)))
        for day in days:
            written = partial / f"made={day}"
            if written.exists():  # else none of its rows has an entity
                target = self._path(day, wanted[day])
                target.parent.mkdir(parents=True, exist_ok=True)
                seal(written)
                publish_directory(written, target)
        engine.drop("made_partials")
        shutil.rmtree(partial)
        return {day: known_days.get(day, []) for day in days}

    def _expected_digests(self) -> dict[int, str]:
        """Number of a day -> hash of the rows and declarations of its aggregates."""
        rows: dict[str, list[DayChecksum]] = defaultdict(list)
        for checksum in self._tables[self.source.name].checksums():
            rows[checksum.day].append(checksum)
        others = [_RunningTotals(self._tables[other.name].checksums()) for other in related(self.source)]
        return {
            day_number(date.fromisoformat(day)): short_digest(
                self.digest, checksums, [other.until(day) for other in others]
            )
            for day, checksums in sorted(rows.items())
        }

    def _broken(self, folders: Mapping[int, Path]) -> list[int]:
        """The days with damaged files; one line in the log names their number."""
        errors = {}
        for day, folder in folders.items():
            try:
                check(folder, "it is rebuilt")
            except BrokenFolderError as error:
                errors[day] = str(error)
        if errors:
            warn_once(f"Partial aggregates of {len(errors)} days of {self.source.name}: {next(iter(errors.values()))}")
        return list(errors)

    def _manifest(self) -> dict[int, tuple[str, list[int]]]:
        path = self.folder / "current.json"
        if not path.exists():
            return {}
        try:
            return {
                int(day): (digest, known_days) for day, (digest, known_days) in json.loads(path.read_text()).items()
            }
        except (ValueError, TypeError, AttributeError):
            warn_once(f"{path} cannot be read: the partial aggregates of {self.source.name} are rebuilt.")
            return {}

    def _path(self, day: int, digest: str) -> Path:
        return self.folder / f"day={day}" / digest


class _RunningTotals:
    """Running totals of rows and hashes by day."""

    def __init__(self, checksums: Iterable[DayChecksum]) -> None:
        ordered = sorted(checksums, key=lambda checksum: checksum.day)
        self._days = [checksum.day for checksum in ordered]
        rows, contents = ((getattr(checksum, name) for checksum in ordered) for name in ("rows", "content"))
        self._sums = list(zip(accumulate(rows, initial=0), accumulate(contents, initial=0), strict=True))

    def until(self, day: str) -> tuple[int, int]:
        """Totals of the rows that happened on the day or earlier."""
        return self._sums[bisect_right(self._days, day)]


def show_months(engine: Engine, tables: Mapping[str, Table], source: Source, months: set[str]) -> None:
    """Register the rows of these months as the view of the source."""
    for other in related(source):
        engine.show_files(base(other), tables[other.name].folders())
    engine.show_files(base(source), tables[source.name].folders(months))
    engine.show(source.name, view_sql(source))
