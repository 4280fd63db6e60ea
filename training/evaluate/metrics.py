"""Metrics of probabilities against what happened, without intervals (training/evaluate/bootstrap.py adds them)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def calibration_table(labels: NDArray[np.int_], probability: Floats, bins: int = 10) -> tuple[Floats, Floats, Floats]:
    """Mean probability, share that left, and share of rows, in bins of equal size by probability."""
    parts = calibration_bins(probability, bins)
    predicted = np.array([probability[part].mean() for part in parts])
    observed = np.array([labels[part].mean() for part in parts])
    return predicted, observed, np.array([len(part) / len(labels) for part in parts])


def calibration_bins(probability: Floats, bins: int = 10) -> list[NDArray[np.int_]]:
    """Positions of the rows of each bin, of equal size by probability; fewer bins if there are fewer rows."""
    order = np.argsort(probability, kind="stable")
    return [part for part in np.array_split(order, bins) if len(part)]


def calibration_error(labels: NDArray[np.int_], probability: Floats) -> float:
    """Expected calibration error over ten bins of equal size."""
    predicted, observed, share = calibration_table(labels, probability)
    return float(np.sum(share * np.abs(predicted - observed)))
