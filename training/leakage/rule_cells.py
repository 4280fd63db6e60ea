"""Cells: conditions on single features, from which rules are combined: a value, a range of values, or null."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.frame import Frame

#: a value, or null, is a condition if at least this share of the rows has it.
MIN_SHARE = 0.01
#: a feature with at most `MAX_VALUES` common values that cover `MIN_COVERED` of its rows is split by value, any other
#: into ranges.
MAX_VALUES, MIN_COVERED, RANGES = 12, 0.8, 6

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Conditions: `inside` (n, cells) is 1 where a condition holds; `feature` (cells,) is its column."""

    inside: NDArray[np.float32]
    feature: NDArray[np.int_]
    names: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Rows that find or confirm rules; `expected` is the additive model's probability of leaving."""

    inside: NDArray[np.float32]
    labels: NDArray[np.int_]
    expected: Floats

    def only(self, chosen: Flags) -> "Part":
        """Some of the rows."""
        return Part(self.inside[chosen], self.labels[chosen], self.expected[chosen])

    def holds(self, rule: tuple[int, ...]) -> Flags:
        """Rows for which all conditions hold."""
        return np.asarray(self.inside[:, list(rule)].all(axis=1))


def make_cells(frame: Frame) -> Cells:
    """All conditions on single features of these rows."""
    conditions = [
        (place, words, inside)
        for place, name in enumerate(frame.names)
        for words, inside in _of_feature(name, frame.rows[:, place])
    ]
    inside = np.empty((len(frame), len(conditions)), dtype=np.float32, order="F")
    for cell, (_, _, flags) in enumerate(conditions):
        inside[:, cell] = flags
    feature = np.array([place for place, _, _ in conditions], dtype=np.int_)
    return Cells(
        inside, feature, tuple(frame.names[place] for place in feature), tuple(words for _, words, _ in conditions)
    )


def _of_feature(name: str, values: NDArray[np.float64]) -> list[tuple[str, Flags]]:
    missing = np.isnan(values)
    present = values[~missing]
    conditions = [(f"{name} has no value", missing)] if missing.mean() >= MIN_SHARE else []
    single, count = np.unique(present, return_counts=True)
    common = count >= MIN_SHARE * len(values)
    if len(single) < 2:
        return conditions + [(f"{name} = {value:g}", values == value) for value in single if missing.any()]
    if common.sum() <= MAX_VALUES and count[common].sum() >= MIN_COVERED * len(present):
        return conditions + [(f"{name} = {value:g}", values == value) for value in single[common]]
    edges = np.unique(np.quantile(present, np.arange(1, RANGES) / RANGES, method="higher"))
    place = np.where(missing, -1, np.searchsorted(edges, values, side="right"))
    return conditions + [(_range(name, edges, number), place == number) for number in range(len(edges) + 1)]


def _range(name: str, edges: NDArray[np.float64], number: int) -> str:
    if number == 0:
        return f"{name} < {edges[0]:g}"
    if number == len(edges):
        return f"{name} >= {edges[-1]:g}"
    return f"{edges[number - 1]:g} <= {name} < {edges[number]:g}"
