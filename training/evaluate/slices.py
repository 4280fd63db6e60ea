"""Slices: how the chosen model does among some of the people, so that an average hides nobody."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lake.declarations import DeclarationError, collectable
from training.data.frame import Frame
from training.evaluate.auc import WeightedAuc
from training.evaluate.bootstrap import (
    BootstrapEstimate,
    Floats,
    Weights,
    weighted_sums,
)

#: below this many rows of either class an interval says nothing.
SMALLEST = 30


@dataclass(frozen=True)
class Slice:
    """People cut by a feature into ranges.

    Attributes:
        name: of the cut, such as `tenure`.
        feature: whose value is cut.
        bounds: rising; a range holds its lower bound.
        names: of the ranges, one more than bounds; made of the bounds if none are given.
        null: what no value means.
    """

    name: str
    feature: str
    bounds: tuple[float, ...]
    names: tuple[str, ...] = ()
    null: str = "not known"

    @collectable
    def __post_init__(self) -> None:
        if not self.bounds or any(low >= high for low, high in zip(self.bounds, self.bounds[1:], strict=False)):
            raise DeclarationError(f"Slice {self.name}: bounds are {self.bounds}, they must be given and rise.")
        if self.names and len(self.names) != len(self.bounds) + 1:
            raise DeclarationError(
                f"Slice {self.name}: {len(self.names)} names for {len(self.bounds) + 1} ranges; give one each."
            )

    @property
    def ranges(self) -> tuple[str, ...]:
        """Names of the ranges, in rising order."""
        if self.names:
            return self.names
        between = [f"{low:g} to below {high:g}" for low, high in zip(self.bounds, self.bounds[1:], strict=False)]
        return (f"below {self.bounds[0]:g}", *between, f"{self.bounds[-1]:g} and more")


@dataclass(frozen=True)
class Cell:
    """One range of one slice: positions of its rows, and how many of them left."""

    slice: str
    range: str
    rows: NDArray[np.int_]
    left: int

    @property
    def too_small(self) -> str | None:
        """A sentence if it is too small to be judged, else None."""
        stayed = len(self.rows) - self.left
        if min(self.left, stayed) >= SMALLEST:
            return None
        return f"{self.left:,} left and {stayed:,} stayed: too few to judge by, at least {SMALLEST} of each are needed."

    def json(self, estimates: Mapping[str, BootstrapEstimate] | None) -> dict[str, Any]:
        """As the evidence holds it; without figures there is a sentence."""
        figures = (
            {} if estimates is None else {name: estimate.interval().json() for name, estimate in estimates.items()}
        )
        counts = {"slice": self.slice, "range": self.range, "rows": len(self.rows), "left": self.left}
        return {**counts, **figures, "sentence": self.too_small}


def cells(slices: Sequence[Slice], frame: Frame) -> list[Cell]:
    """All ranges that have rows; where a contract tells, also who had auto-renewal off at the date and who had not."""
    return [
        Cell(name, range_name, where, int(frame.labels[where].sum()))
        for name, range_name, member in (*_already_left(frame), *_ranges(slices, frame))
        if len(where := np.flatnonzero(member))
    ]


class SliceFigures:
    """Statistic of a cell: `auc`, and `calibration_gap`, mean predicted minus observed (calibration in the large)."""

    def __init__(self, labels: NDArray[np.int_], probability: Floats, rows: NDArray[np.int_]) -> None:
        self.auc = WeightedAuc(labels, {"auc": probability}, rows)
        self.rows = rows
        self.gap = np.column_stack([probability - labels, np.ones(len(labels))])[rows]

    def __call__(self, weights: Weights) -> Mapping[str, Floats]:
        """Figures for each row of `weights` (k, n)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = np.divide(*weighted_sums(weights[:, self.rows], self.gap).T)
        return {**self.auc(weights), "calibration_gap": gap}


Member = tuple[str, str, NDArray[np.bool_]]


def _already_left(frame: Frame) -> Iterator[Member]:
    if frame.already_left is not None:
        yield "already_left", "auto-renewal on", ~frame.already_left
        yield "already_left", "auto-renewal off", frame.already_left


def _ranges(slices: Sequence[Slice], frame: Frame) -> Iterator[Member]:
    for slice in slices:
        values = frame.rows[:, frame.names.index(slice.feature)]
        place = np.searchsorted(slice.bounds, values, side="right")
        for number, range_name in enumerate(slice.ranges):
            yield slice.name, range_name, (place == number) & ~np.isnan(values)
        yield slice.name, slice.null, np.isnan(values)
