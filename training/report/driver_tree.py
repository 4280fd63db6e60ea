"""A shallow tree of the drivers: three questions that tell most of what the model says, as a picture."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from features import Feature
from training.data.validation import OUT_OF_TIME
from training.evaluate.metrics import Floats
from training.report.canvas import (
    FAINT,
    INK,
    is_binary,
    sheet,
    short,
)

DEPTH = 3
#: the smallest share of rows that an end of the tree may stand for.
SMALLEST = 0.02


@dataclass(frozen=True)
class Node:
    """A question or an end of the tree: its place in the picture and what is written there."""

    x: float
    depth: int
    text: str
    risk: float
    share: float
    yes: "Node | None" = None
    no: "Node | None" = None


def tree_picture(
    probability: Floats,
    rows: Floats,
    labels: NDArray[np.int_],
    features: Sequence[Feature],
    judged: str = OUT_OF_TIME,
) -> Any:
    """Decision tree of the model's own probability, with the share of its variance that the tree tells.

    Args:
        probability: (n,) of the model.
        rows: (n, columns).
        labels: (n,) who left, to hold beside what is predicted.
        features: of the columns.
        judged: what the rows are called.
    """
    from sklearn.tree import DecisionTreeRegressor

    smallest = max(1, round(SMALLEST * len(rows)))
    fitted = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=smallest, random_state=0).fit(rows, probability)
    root = _Reader(fitted, rows, labels, features).node(0, 0, iter(range(2**DEPTH)))
    explained_share = fitted.score(rows, probability)
    title = f"The drivers in {DEPTH} questions, {judged}: they tell {explained_share:.0%} of the score's variance (R²)"
    figure = sheet(title, (15, 7.5))
    axes = figure.subplots()
    axes.axis("off")
    ends = list(_ends(root))
    axes.set(xlim=(-0.7, len(ends) - 0.3), ylim=(-max(node.depth for node in ends) - 0.4, 0.3))
    _draw(axes, root, max(node.risk for node in ends))
    return figure


class _Reader:
    """Reads a fitted tree as nodes, ends from left to right."""

    def __init__(self, fitted: Any, rows: Floats, labels: NDArray[np.int_], features: Sequence[Feature]) -> None:
        self.tree, self.rows, self.features = fitted.tree_, rows, features
        self.reached, self.labels = fitted.decision_path(rows).tocsc(), labels

    def node(self, place: int, depth: int, ends: Iterator[int]) -> Node:
        tree = self.tree
        reached = self.reached[:, place].indices
        risk, share = float(tree.value[place, 0, 0]), len(reached) / len(self.rows)
        if tree.children_left[place] < 0:
            text = f"predicted {risk:.1%}\nleft {self.labels[reached].mean():.1%}\n{share:.0%} of rows"
            return Node(float(next(ends)), depth, text, risk, share)
        left, right = tree.children_left[place], tree.children_right[place]
        binary = is_binary(self.rows[:, tree.feature[place]])
        yes = self.node(right if binary else left, depth + 1, ends)
        no = self.node(left if binary else right, depth + 1, ends)
        return Node((yes.x + no.x) / 2, depth, self._question(place, reached, binary), risk, share, yes, no)

    def _question(self, place: int, reached: NDArray[np.int_], binary: bool) -> str:
        """A feature of 1 or 0 is asked for itself, any other for a value up to the threshold."""
        column = self.tree.feature[place]
        has_null = bool(np.isnan(self.rows[reached, column]).any())
        to_yes = bool(self.tree.missing_go_to_left[place]) != binary
        none = " or none" if has_null and to_yes else ""
        text = textwrap.fill(self.features[column].description, 26)
        return f"{text}{none}?" if binary else f"{text}\n≤ {short(self.tree.threshold[place])}{none}?"


def _draw(axes: Any, node: Node, most: float) -> None:
    for child, answer in ((node.yes, "yes"), (node.no, "no")):
        if child is not None:
            _draw_way(axes, node, child, answer)
            _draw(axes, child, most)
    color = "white" if node.yes else colormaps["YlOrRd"](0.05 + 0.6 * node.risk / max(most, 1e-12))
    box = {"facecolor": color, "edgecolor": FAINT, "boxstyle": "round,pad=0.5"}
    axes.text(node.x, -node.depth, node.text, ha="center", va="center", fontsize=9, color=INK, zorder=3, bbox=box,
              in_layout=False)  # fmt: skip


def _draw_way(axes: Any, node: Node, child: Node, answer: str) -> None:
    """A line as thick as the share of rows that go this way."""
    x, y = [node.x, child.x], [-node.depth, -child.depth]
    axes.plot(x, y, color=FAINT, linewidth=1 + 10 * child.share, zorder=1)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    axes.text(np.mean(x), np.mean(y), answer, color=INK, fontsize=9, ha="center", va="center", zorder=2, bbox=box,
              in_layout=False)  # fmt: skip


def _ends(node: Node) -> Iterator[Node]:
    if node.yes is None or node.no is None:
        yield node
    else:
        yield from _ends(node.yes)
        yield from _ends(node.no)
