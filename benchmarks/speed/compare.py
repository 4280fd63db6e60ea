"""Row by row: the numbers of one contender against those of another."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed import duck
from benchmarks.speed.task import NAMES

#: a number that differs by more is another number.
CLOSE = 1e-6


@dataclass(frozen=True)
class Comparison:
    """What two results have in common.

    Attributes:
        rows: of the second.
        strangers: users that are in one of both only.
        differing: numbers of the users in both that differ by more than CLOSE, or that only one of both knows.
        largest: feature -> largest difference of two numbers.
    """

    rows: int
    strangers: int
    differing: int
    largest: dict[str, float]

    def __str__(self) -> str:
        name = max(self.largest, key=lambda one: self.largest[one])
        return (
            f"{self.rows:,} rows, {self.strangers:,} of one side only; {self.differing:,} of "
            f"{self.rows * len(NAMES):,} numbers differ, most by {self.largest[name]:.1e} in {name}"
        )


def compare(hand: Path, other: Path) -> Comparison:
    """Compare two Parquet files or folders of them, each with `user_id` and NAMES."""
    columns = [column for name in NAMES for column in _columns(name)]
    sql = (
        "select count(b.user_id), sum(cast(a.user_id is null or b.user_id is null as int)), "
        f"{', '.join(columns)} from {_rows(hand)} a full join {_rows(other)} b using (user_id)"
    )
    [(rows, strangers, *found)] = duck.connect().execute(sql).fetchall()
    differing, largest = found[::2], found[1::2]
    return Comparison(
        rows, int(strangers), int(sum(differing)), {name: gap or 0.0 for name, gap in zip(NAMES, largest, strict=True)}
    )


def _rows(path: Path) -> str:
    return f"read_parquet('{path / '*.parquet' if path.is_dir() else path}')"


def _columns(name: str) -> tuple[str, str]:
    """How many differ, and by how much at most. NaN is how pandas writes that there is no number."""
    one, two = (f"nullif({side}.{name}, 'NaN'::double)" for side in "ab")
    both = "a.user_id is not null and b.user_id is not null"
    same = f"coalesce(abs({one} - {two}) <= {CLOSE}, {one} is null and {two} is null)"
    return f"sum(cast({both} and not ({same}) as int))", f"max(abs({one} - {two}))"
