"""Common style of all pictures: colours, axes, and names of features."""

import textwrap
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from features import Feature

mpl.use("Agg")  # no screen is needed
mpl.rcParams["text.parse_math"] = False  # a dollar sign in a description is not a formula

INK, ACCENT, WARM, FAINT = "#1f2933", "#0b7285", "#d9480f", "#adb5bd"
#: colours of everything except the highlighted series.
OTHERS = ("#868e96", "#f08c00", "#7048e8", "#2f9e44", "#c2255c")


def canvas(title: str, x: str, y: str, size: tuple[float, float] = (7.5, 5)) -> tuple[Any, Any]:
    """A figure with one pair of axes."""
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
    """Label the axes and hide the other spines."""
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.tick_params(colors=INK, length=3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)


def with_unit(feature: Feature, width: int) -> str:
    """A feature's description and unit, in lines of at most `width` characters."""
    return textwrap.fill(f"{feature.description} [{feature.unit}]", width)


def is_binary(values: NDArray[np.float64]) -> bool:
    """Whether all values of a feature except nulls are 1 or 0.

    >>> is_binary(np.array([0.0, 1.0, np.nan])), is_binary(np.array([0.0, 2.0])), is_binary(np.array([np.nan]))
    (True, False, False)
    """
    present = values[~np.isnan(values)]
    return bool(len(present)) and bool(np.isin(present, (0.0, 1.0)).all())


def short(value: float) -> str:
    """A number with at most three significant digits below 100."""
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.3g}"
