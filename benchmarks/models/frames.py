"""Training rows of a population, read from the snapshots of a finished run."""

from datetime import date

from features import Snapshots
from training import Frame, read_frame


def population_frame(snapshots: Snapshots, population: str, dates: list[date]) -> Frame:
    """Matured rows of a population at some dates, with all features of the project."""
    names = [feature.name for feature in snapshots.spec.features]
    return read_frame([snapshots.path(day) for day in dates], names, snapshots.spec.entity, population)
