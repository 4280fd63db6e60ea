"""Drift: do the customers scored today look like those the gate judged the model on?

Distance by evidently: the population stability index, for numbers in bins of the reference. Evidently drops
nulls, so a change in their share is measured apart; a column without any value cannot be binned and is left
to that second measure.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

PSI_THRESHOLD = 0.2
NULL_THRESHOLD = 0.1


@dataclass(frozen=True)
class Drift:
    """How far one feature moved; `verdict` is `drift` above the threshold, else `stable`."""

    feature: str
    distance: float
    threshold: float

    @property
    def verdict(self) -> str:
        """`drift` or `stable`."""
        return "drift" if self.distance > self.threshold else "stable"


def drift(reference: pd.DataFrame, current: pd.DataFrame, page: Path) -> list[Drift]:
    """Compare the features of two sets of rows.

    Args:
        reference: features of the rows the evidence was measured on.
        current: features of the rows scored now; same columns.
        page: evidently's report is written there as HTML.
    """
    from evidently import Report
    from evidently.presets import DataDriftPreset

    usable = [name for name in reference if reference[name].notna().any() and current[name].notna().any()]
    found: list[Drift] = []
    if usable:
        report = Report([DataDriftPreset(num_method="psi", num_threshold=PSI_THRESHOLD)])
        snapshot = report.run(current[usable], reference[usable])
        snapshot.save_html(str(page))
        found = [
            Drift(metric["config"]["column"], float(metric["value"]), PSI_THRESHOLD)
            for metric in snapshot.dict()["metrics"]
            if metric["config"]["type"].endswith(":ValueDrift")
        ]
    if current.empty and not reference.empty:  # nobody today is no small change
        return [Drift(str(name), float("inf"), PSI_THRESHOLD) for name in reference]
    shares = (current.isna().mean() - reference.isna().mean()).abs().to_dict()
    moved = [Drift(f"{name}:null_share", float(share), NULL_THRESHOLD) for name, share in shares.items() if share > 0]
    return found + moved
