"""Drift: the distance between the features of today's rows and of the rows that the gate's evidence was measured on.

A feature drifts if its distance is large, significant, and above its normal range (docs/adr/0011-drift.md). The normal
range is measured by a backtest: the same comparison on earlier dates.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from monitoring.distance import NULLS, comparable_features, distances, p_values

#: distances above these matter: the common bound of the PSI, and a tenth of the rows.
PSI_THRESHOLD = 0.2
NULL_THRESHOLD = 0.1
#: allowed false discovery rate.
FALSE_DISCOVERY_RATE = 0.05
#: earlier dates that the normal range is measured on.
BASELINE_DATES = 6
#: a distance above the normal range times this is drift: so few dates do not show the largest normal distance.
MARGIN = 1.25
#: features in evidently's report: each takes a tenth of a second, and nobody reads two hundred.
REPORTED_FEATURES = 30


@dataclass(frozen=True)
class FeatureDrift:
    """Distance of one feature, or of its share of nulls.

    Attributes:
        feature: its name, with the suffix `:null_share` for the share of nulls.
        distance: population stability index, or difference of the shares; infinite without a row today.
        threshold: distances up to it do not matter.
        p_value: adjusted for the number of comparisons (Benjamini-Hochberg).
        normal_range: the largest distance on the baseline dates; infinite for a feature with a known cause.
    """

    feature: str
    distance: float
    threshold: float
    p_value: float = 0.0
    normal_range: float = 0.0

    @property
    def verdict(self) -> str:
        """`stable`; `expected`, a distance within the normal range; or `drift`."""
        if self.distance <= self.threshold or self.p_value > FALSE_DISCOVERY_RATE:
            return "stable"
        return "drift" if self.distance > MARGIN * self.normal_range else "expected"


def measure_drift(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    normal: Mapping[str, float],
    known_causes: Collection[str] = (),
) -> list[FeatureDrift]:
    """Compare the features of two sets of rows.

    Args:
        reference: features of the rows that the evidence was measured on.
        current: features of the rows scored now; same columns.
        normal: largest distance of each feature on the baseline dates, from `normal_ranges`.
        known_causes: features whose distance has a known cause, such as the calendar.
    """
    from scipy.stats import false_discovery_control

    if current.empty and not reference.empty:  # no row today is no small change
        return [FeatureDrift(str(name), float("inf"), PSI_THRESHOLD) for name in reference]
    reference, current = reference.astype(float), current.astype(float)
    measured, chance = distances(reference, current), p_values(reference, current)
    adjusted = false_discovery_control([chance[name] for name in measured]) if measured else []
    ranges = {**normal, **dict.fromkeys(known_causes, float("inf"))}
    return [
        FeatureDrift(
            name, distance, NULL_THRESHOLD if name.endswith(NULLS) else PSI_THRESHOLD, float(p), ranges.get(name, 0)
        )
        for (name, distance), p in zip(measured.items(), adjusted, strict=True)
    ]


def normal_ranges(baseline: Iterable[tuple[pd.DataFrame, pd.DataFrame]]) -> dict[str, float]:
    """The largest distance of each feature over pairs (reference, current) of the baseline dates."""
    largest: dict[str, float] = {}
    for reference, current in baseline:
        for name, distance in distances(reference.astype(float), current.astype(float)).items():
            largest[name] = max(distance, largest.get(name, 0))
    return largest


def baseline_dates(grid: Iterable[date], evidence_dates: list[date], day: date) -> dict[date, list[date]]:
    """Earlier dates with the same layout as today: as many reference dates, and the last of them as long before.

    Dates after the last evidence date are left out, because today's drift may have begun by then.

    Args:
        grid: snapshot dates.
        evidence_dates: dates that the gate's evidence was measured on.
        day: today.

    Returns:
        The latest such dates, at most `BASELINE_DATES`, each with its reference dates.
    """
    gap, dates, count = day - evidence_dates[-1], sorted(set(grid)), len(evidence_dates)
    if gap <= timedelta(0):
        return {}
    references = {earlier: _last(dates, earlier - gap, count) for earlier in dates if earlier <= evidence_dates[-1]}
    complete = [(earlier, reference) for earlier, reference in references.items() if len(reference) == count]
    return dict(complete[-BASELINE_DATES:])


def write_report(
    reference: pd.DataFrame, current: pd.DataFrame, drifts: Sequence[FeatureDrift], report_path: Path
) -> None:
    """Write evidently's report on the features with the largest distances; no file if no feature can be compared.

    Args:
        reference: features of the rows that the evidence was measured on.
        current: features of the rows scored now.
        drifts: their comparison.
        report_path: of the HTML file.
    """
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    comparable = comparable_features(reference, current)
    ordered = sorted(drifts, key=lambda drift: -drift.distance / drift.threshold)
    names = [
        name for name in dict.fromkeys(drift.feature.removesuffix(NULLS) for drift in ordered) if name in comparable
    ]
    names = names[:REPORTED_FEATURES]
    if not names:
        return
    columns = DataDefinition(numerical_columns=names)
    sets = [Dataset.from_pandas(rows[names].astype(float), data_definition=columns) for rows in (current, reference)]
    report = Report([DataDriftPreset(num_method="psi", num_threshold=PSI_THRESHOLD)])
    report.run(*sets).save_html(str(report_path))


def _last(dates: list[date], until: date, count: int) -> list[date]:
    return [day for day in dates if day <= until][-count:]
