"""Training rows of a population, read from the snapshots of a finished run."""

from datetime import date

import numpy as np
import pandas as pd

from features import Snapshots
from training import Frame, read_frame


def population_frame(snapshots: Snapshots, population: str, dates: list[date]) -> Frame:
    """Matured rows of a population at some dates, with all features of the project."""
    names = [feature.name for feature in snapshots.spec.features]
    return read_frame([snapshots.path(day) for day in dates], names, snapshots.spec.entity, population)


def morning_frame(snapshots: Snapshots, population: str, day: date) -> Frame:
    """All rows of a population at a date whose labels are not known yet; they are 0."""
    names = [feature.name for feature in snapshots.spec.features]
    rows = pd.read_parquet(snapshots.path(day), columns=[snapshots.spec.entity, "population", *names])
    rows = rows[rows["population"] == population]
    return Frame(
        names=tuple(names),
        rows=rows[names].to_numpy(dtype=np.float64, na_value=np.nan),
        labels=np.zeros(len(rows), dtype=np.int_),
        entity=rows[snapshots.spec.entity].to_numpy(),
        as_of=np.full(len(rows), np.datetime64(day, "D")),
    )
