"""The picture of the gate's power; equal figures draw equal bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
from scipy.stats import beta

from stack.settings import ROOT
from training.report.canvas import (
    ACCENT,
    FAINT,
    INK,
    WARM,
    canvas,
)

PATH = ROOT / "docs" / "pictures" / "gate-power.svg"


@dataclass(frozen=True)
class PromotionShare:
    """Share of promoted challengers, with the exact binomial 95% interval (Clopper and Pearson, 1934)."""

    difference: float
    accepted: int
    count: int

    @property
    def value(self) -> float:
        """The promoted share."""
        return self.accepted / self.count

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return 0.0 if not self.accepted else float(beta.ppf(0.025, self.accepted, self.count - self.accepted + 1))

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        whole = self.accepted == self.count
        return 1.0 if whole else float(beta.ppf(0.975, self.accepted + 1, self.count - self.accepted))

    def __str__(self) -> str:
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%})"


def draw(shares_by_population: Mapping[str, tuple[float, Sequence[PromotionShare]]]) -> None:
    """Write the picture from the margin and the promoted shares of each population."""
    figure, axes = canvas("What the gate lets in", "true AUC of the challenger minus that of production",
                          "share promoted", (7.5, 4.5))  # fmt: skip
    axes.axvline(0, color=FAINT, linewidth=1)
    for level, text in ((0.95, "95%"), (0.025, "2.5%")):
        axes.axhline(level, color=FAINT, linewidth=0.8, linestyle=":")
        axes.annotate(text, (1.0, level), xycoords=("axes fraction", "data"), color=INK, fontsize=8, va="center")
    for colour, (name, (margin, shares)) in zip((ACCENT, WARM), shares_by_population.items(), strict=True):
        x, y = [share.difference for share in shares], [share.value for share in shares]
        error_bars = [[share.value - share.low for share in shares], [share.high - share.value for share in shares]]
        axes.errorbar(x, y, yerr=error_bars, color=colour, marker="o", markersize=4, capsize=2,
                      label=f"{name}, margin {margin:g}")  # fmt: skip
        axes.axvline(-margin, color=colour, linewidth=0.8, linestyle="--")
    axes.set_ylim(-0.02, 1.02)
    axes.legend(frameon=False, loc="center right")
    with mpl.rc_context({"svg.hashsalt": "prichal"}):
        figure.savefig(PATH, format="svg", metadata={"Date": None})
