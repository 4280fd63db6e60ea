"""A decision tree of depth three that approximates the model's probability, as a picture."""

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
#: smallest share of rows in a leaf.
MIN_LEAF_SHARE = 0.02


@dataclass(frozen=True)
class Node:
    """A split or a leaf of the tree, with its position and text in the picture."""

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
    validation_name: str = OUT_OF_TIME,
) -> Any:
    """Decision tree fitted to the model's probability, with its R².

    Args:
        probability: (n,) probabilities of the model.
        rows: (n, columns) features.
        labels: (n,) 1 left, 0 stayed, to compare with the prediction.
        features: features of the columns.
        validation_name: name of the rows, such as "out of time".
    """
    from sklearn.tree import DecisionTreeRegressor

    min_leaf_rows = max(1, round(MIN_LEAF_SHARE * len(rows)))
    fitted = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=min_leaf_rows, random_state=0).fit(
        rows, probability
    )
    root = _Reader(fitted, rows, labels, features).node(0, 0, iter(range(2**DEPTH)))
    explained_share = fitted.score(rows, probability)
    title = f"Drivers of the score, tree of depth {DEPTH}, {validation_name}: R² {explained_share:.0%}"
    figure = sheet(title, (15, 7.5))
    axes = figure.subplots()
    axes.axis("off")
    leaves = list(_leaves(root))
    axes.set(xlim=(-0.7, len(leaves) - 0.3), ylim=(-max(node.depth for node in leaves) - 0.4, 0.3))
    _draw(axes, root, max(node.risk for node in leaves))
    return figure


class _Reader:
    """Converts a fitted tree to nodes, leaves from left to right."""

    def __init__(self, fitted: Any, rows: Floats, labels: NDArray[np.int_], features: Sequence[Feature]) -> None:
        self.tree, self.rows, self.features = fitted.tree_, rows, features
        self.reached, self.labels = fitted.decision_path(rows).tocsc(), labels

    def node(self, place: int, depth: int, leaf_positions: Iterator[int]) -> Node:
        tree = self.tree
        reached = self.reached[:, place].indices
        risk, share = float(tree.value[place, 0, 0]), len(reached) / len(self.rows)
        if tree.children_left[place] < 0:
            text = f"predicted {risk:.1%}\nleft {self.labels[reached].mean():.1%}\n{share:.0%} of rows"
            return Node(float(next(leaf_positions)), depth, text, risk, share)
        left, right = tree.children_left[place], tree.children_right[place]
        binary = is_binary(self.rows[:, tree.feature[place]])
        yes = self.node(right if binary else left, depth + 1, leaf_positions)
        no = self.node(left if binary else right, depth + 1, leaf_positions)
        return Node((yes.x + no.x) / 2, depth, self._question(place, reached, binary), risk, share, yes, no)

    def _question(self, place: int, reached: NDArray[np.int_], binary: bool) -> str:
        """The description of a binary feature; else the description and the threshold."""
        column = self.tree.feature[place]
        has_null = bool(np.isnan(self.rows[reached, column]).any())
        to_yes = bool(self.tree.missing_go_to_left[place]) != binary
        null_text = " or none" if has_null and to_yes else ""
        text = textwrap.fill(self.features[column].description, 26)
        return f"{text}{null_text}?" if binary else f"{text}\n≤ {short(self.tree.threshold[place])}{null_text}?"


def _draw(axes: Any, node: Node, highest_risk: float) -> None:
    for child, answer in ((node.yes, "yes"), (node.no, "no")):
        if child is not None:
            _draw_edge(axes, node, child, answer)
            _draw(axes, child, highest_risk)
    color = "white" if node.yes else colormaps["YlOrRd"](0.05 + 0.6 * node.risk / max(highest_risk, 1e-12))
    box = {"facecolor": color, "edgecolor": FAINT, "boxstyle": "round,pad=0.5"}
    axes.text(node.x, -node.depth, node.text, ha="center", va="center", fontsize=9, color=INK, zorder=3, bbox=box,
              in_layout=False)  # fmt: skip


def _draw_edge(axes: Any, node: Node, child: Node, answer: str) -> None:
    """A line whose width shows the share of rows."""
    x, y = [node.x, child.x], [-node.depth, -child.depth]
    axes.plot(x, y, color=FAINT, linewidth=1 + 10 * child.share, zorder=1)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    axes.text(np.mean(x), np.mean(y), answer, color=INK, fontsize=9, ha="center", va="center", zorder=2, bbox=box,
              in_layout=False)  # fmt: skip


def _leaves(node: Node) -> Iterator[Node]:
    if node.yes is None or node.no is None:
        yield node
    else:
        yield from _leaves(node.yes)
        yield from _leaves(node.no)
