"""Drift: do the customers scored today look like those the gate judged the model on?

A feature drifts if its distance is large, is no chance, and is more than on earlier mornings (docs/adr/0011-drift.md).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from monitoring.distance import NULLS, chances, distances, usable

#: distances that matter: the usual bound of the index, and a tenth of the rows.
PSI_THRESHOLD = 0.2
NULL_THRESHOLD = 0.1
#: the share of false ones among what is taken for no chance.
FALSE_DISCOVERIES = 0.05
#: earlier mornings that say how far a feature moves anyway.
REHEARSALS = 6
#: how much farther than on those it must move: so few do not know the largest distance there is.
MARGIN = 1.25
#: features on evidently's page: it takes a tenth of a second each, and nobody reads two hundred.
SHOWN = 30


@dataclass(frozen=True)
class Drift:
    """How far one feature, or its share of nulls, moved.

    Attributes:
        feature: its name, with `:null_share` behind it for the share of nulls.
        distance: population stability index, or difference of the shares.
        threshold: distances up to it do not matter.
        p_value: how probable the distance is by chance, adjusted for the number of comparisons.
        usual: the largest distance of earlier mornings; infinite for what moves by construction.
    """

    feature: str
    distance: float
    threshold: float
    p_value: float = 0.0
    usual: float = 0.0

    @property
    def verdict(self) -> str:
        """`stable`; `expected`, it moved hardly more than it usually does; or `drift`."""
        if self.distance <= self.threshold or self.p_value > FALSE_DISCOVERIES:
            return "stable"
        return "drift" if self.distance > MARGIN * self.usual else "expected"


def drift(
    reference: pd.DataFrame, current: pd.DataFrame, usual: Mapping[str, float], moving: Collection[str] = ()
) -> list[Drift]:
    """Compare the features of two sets of rows.

    Args:
        reference: features of the rows the evidence was measured on.
        current: features of the rows scored now; same columns.
        usual: how far each moved on earlier mornings, as `usual_distances` tells it.
        moving: features that move by construction.
    """
    from scipy.stats import false_discovery_control

    if current.empty and not reference.empty:  # nobody today is no small change
        return [Drift(str(name), float("inf"), PSI_THRESHOLD) for name in reference]
    reference, current = reference.astype(float), current.astype(float)
    moved, chance = distances(reference, current), chances(reference, current)
    adjusted = false_discovery_control([chance[name] for name in moved]) if moved else []
    anyway = {**usual, **dict.fromkeys(moving, float("inf"))}
    return [
        Drift(name, distance, NULL_THRESHOLD if name.endswith(NULLS) else PSI_THRESHOLD, float(p), anyway.get(name, 0))
        for (name, distance), p in zip(moved.items(), adjusted, strict=True)
    ]


def usual_distances(mornings: Iterable[tuple[pd.DataFrame, pd.DataFrame]]) -> dict[str, float]:
    """The largest distance of each feature over (reference, current) of earlier mornings."""
    largest: dict[str, float] = {}
    for reference, current in mornings:
        for name, distance in distances(reference.astype(float), current.astype(float)).items():
            largest[name] = max(distance, largest.get(name, 0))
    return largest


def rehearsals(grid: Iterable[date], judged: list[date], day: date) -> dict[date, list[date]]:
    """Earlier mornings of today's shape: as many reference dates, and the last of them as long ago.

    Mornings after the last judged date are left out, for what drifts today may have begun by then.

    Args:
        grid: snapshot dates.
        judged: dates the gate judged the model on.
        day: today.

    Returns:
        The latest mornings, each with its reference dates.
    """
    gap, dates = day - judged[-1], sorted(set(grid))
    found = {one: _before(dates, one - gap, len(judged)) for one in dates if one <= judged[-1] and gap > timedelta(0)}
    whole = [(one, before) for one, before in found.items() if len(before) == len(judged)]
    return dict(whole[-REHEARSALS:])


def write_report(reference: pd.DataFrame, current: pd.DataFrame, found: Sequence[Drift], page: Path) -> None:
    """Evidently's own page on the features that moved the farthest, for a person; none if nothing can be compared.

    Args:
        reference: features of the rows the evidence was measured on.
        current: features of the rows scored now.
        found: how far each moved.
        page: where the HTML is written.
    """
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    known = usable(reference, current)
    farthest = sorted(found, key=lambda one: -one.distance / one.threshold)
    names = [name for name in dict.fromkeys(one.feature.removesuffix(NULLS) for one in farthest) if name in known]
    names = names[:SHOWN]
    if not names:
        return
    numbers = DataDefinition(numerical_columns=names)
    sets = [Dataset.from_pandas(rows[names].astype(float), data_definition=numbers) for rows in (current, reference)]
    report = Report([DataDriftPreset(num_method="psi", num_threshold=PSI_THRESHOLD)])
    report.run(*sets).save_html(str(page))


def _before(dates: list[date], until: date, count: int) -> list[date]:
    return [one for one in dates if one <= until][-count:]
