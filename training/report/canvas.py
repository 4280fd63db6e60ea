"""One look for all pictures: colours, axes, and the words of features."""

import textwrap
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from features import Feature

mpl.use("Agg")  # there is no screen where this runs
mpl.rcParams["text.parse_math"] = False  # a dollar in a description is a dollar

INK, ACCENT, WARM, FAINT = "#1f2933", "#0b7285", "#d9480f", "#adb5bd"
#: of what stands beside the one that matters.
OTHERS = ("#868e96", "#f08c00", "#7048e8", "#2f9e44", "#c2255c")


def canvas(title: str, x: str, y: str, size: tuple[float, float] = (7.5, 5)) -> tuple[Any, Any]:
    """A figure of one pair of axes."""
    figure = sheet(title, size)
    axes = figure.subplots()
    plain(axes, x, y)
    return figure, axes


def sheet(title: str, size: tuple[float, float]) -> Any:
    """An empty figure with its title; `size` is in inches."""
    figure = Figure(figsize=size, dpi=110, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    figure.suptitle(title, x=0.015, ha="left", color=INK, fontweight="bold", fontsize=13)
    return figure


def plain(axes: Any, x: str, y: str) -> None:
    """Label axes, and leave out what says nothing."""
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.tick_params(colors=INK, length=3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)


def with_unit(feature: Feature, width: int) -> str:
    """A feature's description and unit, in lines of at most `width` characters."""
    return textwrap.fill(f"{feature.description} [{feature.unit}]", width)


def is_binary(values: NDArray[np.float64]) -> bool:
    """Whether a feature holds 1 and 0 only, nulls aside: its values are yes and no, not amounts.

    >>> is_binary(np.array([0.0, 1.0, np.nan])), is_binary(np.array([0.0, 2.0])), is_binary(np.array([np.nan]))
    (True, False, False)
    """
    present = values[~np.isnan(values)]
    return bool(len(present)) and bool(np.isin(present, (0.0, 1.0)).all())


def short(value: float) -> str:
    """A number as it is said: no more digits than it needs."""
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.3g}"
