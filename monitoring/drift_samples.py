"""The rows whose features are compared for drift, with the normal range of each feature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

import pandas as pd

from features import Engine, Population, Snapshots
from monitoring.drift import baseline_dates, normal_ranges

#: reasons why no drift is measured.
EVIDENCE_ROWS_GONE = "the snapshots no longer have the rows of the evidence"
ALL_ROWS_LABELLED = "the scored rows are those the model was trained on"


@dataclass(frozen=True)
class DriftSamples:
    """Features of the evidence's rows and of the rows scored now, and the normal range of each feature."""

    reference: pd.DataFrame
    current: pd.DataFrame
    normal: dict[str, float]


def samples_by_date(
    snapshots: Snapshots, engine: Callable[[], Engine], population: Population, day: date, grid: Sequence[date],
    evidence_dates: list[date],
) -> DriftSamples | str:  # fmt: skip
    """Reference: the members on the dates of the gate's evidence. Current: the members on the day.

    Args:
        snapshots: of the project.
        engine: builds missing snapshots.
        population: its members are compared.
        day: the day scored.
        grid: snapshot dates up to the day.
        evidence_dates: those that the data still cover.

    Returns:
        The samples, or the reason why there are none.
    """
    if not evidence_dates:
        return EVIDENCE_ROWS_GONE
    baseline = baseline_dates(grid, evidence_dates, day)
    snapshots.build(engine, sorted({*evidence_dates, day, *baseline, *chain.from_iterable(baseline.values())}))
    normal = normal_ranges(
        (_features(snapshots, references, population), _features(snapshots, [earlier], population))
        for earlier, references in baseline.items()
    )
    reference = _features(snapshots, evidence_dates, population)
    if reference.empty:
        return EVIDENCE_ROWS_GONE
    return DriftSamples(reference, _features(snapshots, [day], population), normal)


def samples_by_label(
    snapshots: Snapshots, engine: Callable[[], Engine], population: Population, day: date
) -> DriftSamples | str:
    """For a table without dates. Reference: rows with a label. Current: rows without one, which are scored.

    Returns:
        The samples, without a normal range; or the reason why there are none.
    """
    snapshots.build(engine, [day])
    if snapshots.unlabelled(day) == 0:
        return ALL_ROWS_LABELLED
    reference, current = (_features(snapshots, [day], population, labelled=labelled) for labelled in (True, False))
    return EVIDENCE_ROWS_GONE if reference.empty else DriftSamples(reference, current, {})


def _features(
    snapshots: Snapshots, days: Sequence[date], population: Population, labelled: bool | None = None
) -> pd.DataFrame:
    names = [feature.name for feature in snapshots.spec.features]
    columns = ["population", "label", *names]
    rows = pd.concat([pd.read_parquet(snapshots.path(day), columns=columns) for day in days])
    selected = rows["population"] == population.name
    if labelled is not None:
        selected &= rows["label"].notna() == labelled
    return rows.loc[selected, names]
