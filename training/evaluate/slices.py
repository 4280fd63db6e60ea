"""Slices: figures of the chosen model in groups of rows, which an average would hide."""

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

#: minimum number of rows of each class for figures.
MIN_CLASS_ROWS = 30


@dataclass(frozen=True)
class Slice:
    """Groups of rows by ranges of a feature.

    Attributes:
        name: name of the slice, such as `tenure`.
        feature: feature of the ranges.
        bounds: bounds in rising order; a range contains its lower bound.
        names: names of the ranges, one more than bounds; by default made from the bounds.
        null: name of the rows without a value.
    """

    name: str
    feature: str
    bounds: tuple[float, ...]
    names: tuple[str, ...] = ()
    null: str = "not known"

    @collectable
    def __post_init__(self) -> None:
        if not self.bounds or any(low >= high for low, high in zip(self.bounds, self.bounds[1:], strict=False)):
            raise DeclarationError(f"Slice {self.name}: bounds are {self.bounds}; give at least one, in rising order.")
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
        """A sentence if it is too small for figures, else None."""
        stayed = len(self.rows) - self.left
        if min(self.left, stayed) >= MIN_CLASS_ROWS:
            return None
        return (
            f"{self.left:,} left and {stayed:,} stayed: too few for figures, at least {MIN_CLASS_ROWS} each are needed."
        )

    def json(self, estimates: Mapping[str, BootstrapEstimate] | None) -> dict[str, Any]:
        """The entry of the evidence; without figures it has a sentence."""
        figures = (
            {} if estimates is None else {name: estimate.interval().json() for name, estimate in estimates.items()}
        )
        counts = {"slice": self.slice, "range": self.range, "rows": len(self.rows), "left": self.left}
        return {**counts, **figures, "sentence": self.too_small}


def cells(slices: Sequence[Slice], frame: Frame) -> list[Cell]:
    """All ranges with rows; with a contract also people with auto-renewal on and off at the date."""
    return [
        Cell(name, range_name, where, int(frame.labels[where].sum()))
        for name, range_name, member in (*_already_left(frame), *_ranges(slices, frame))
        if len(where := np.flatnonzero(member))
    ]


def range_members(slices: Sequence[Slice], names: Sequence[str], rows: Floats) -> "Iterator[Member]":
    """Slice, range and mask (n,) of every range, whether it has rows or not.

    Args:
        slices: declared groups.
        names: features of the columns of `rows`.
        rows: (n, features), NaN where null.
    """
    for slice in slices:
        values = rows[:, names.index(slice.feature)]
        place = np.searchsorted(slice.bounds, values, side="right")
        for number, range_name in enumerate(slice.ranges):
            yield slice.name, range_name, (place == number) & ~np.isnan(values)
        yield slice.name, slice.null, np.isnan(values)


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
    return range_members(slices, frame.names, frame.rows)
