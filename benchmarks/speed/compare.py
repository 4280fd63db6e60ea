"""Compare the results of two contenders row by row."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed import duck
from benchmarks.speed.task import NAMES

#: two numbers with a larger difference count as different.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class ResultComparison:
    """Agreement of two results.

    Attributes:
        rows: number of rows of the second result.
        unmatched: number of users that only one result contains.
        differing: number of values that differ by more than TOLERANCE or are null in one result only.
        largest: feature -> largest difference of two values.
    """

    rows: int
    unmatched: int
    differing: int
    largest: dict[str, float]

    def __str__(self) -> str:
        name = max(self.largest, key=lambda feature: self.largest[feature])
        return (
            f"{self.rows:,} rows, {self.unmatched:,} of one side only; {self.differing:,} of "
            f"{self.rows * len(NAMES):,} numbers differ, most by {self.largest[name]:.1e} in {name}"
        )


def compare(reference: Path, other: Path) -> ResultComparison:
    """Compare two Parquet files or folders of them, each with `user_id` and NAMES."""
    columns = [column for name in NAMES for column in _columns(name)]
    sql = (
        "select count(b.user_id), sum(cast(a.user_id is null or b.user_id is null as int)), "
        f"{', '.join(columns)} from {_rows(reference)} a full join {_rows(other)} b using (user_id)"
    )
    [(rows, unmatched, *figures)] = duck.connect().execute(sql).fetchall()
    differing, largest = figures[::2], figures[1::2]
    return ResultComparison(
        rows, int(unmatched), int(sum(differing)), {name: gap or 0.0 for name, gap in zip(NAMES, largest, strict=True)}
    )


def _rows(path: Path) -> str:
    return f"read_parquet('{path / '*.parquet' if path.is_dir() else path}')"


def _columns(name: str) -> tuple[str, str]:
    """SQL for the number of different values and for the largest difference; NaN of pandas counts as null."""
    first, second = (f"nullif({side}.{name}, 'NaN'::double)" for side in "ab")
    both = "a.user_id is not null and b.user_id is not null"
    same = f"coalesce(abs({first} - {second}) <= {TOLERANCE}, {first} is null and {second} is null)"
    return f"sum(cast({both} and not ({same}) as int))", f"max(abs({first} - {second}))"
