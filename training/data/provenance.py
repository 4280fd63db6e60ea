"""What a training says of itself in the evidence: who, what label, which data, which code."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from features import OWNER_STATEMENT, Label, Population, Snapshots
from training.data.folds import Split
from training.data.frame import Frame
from training.evaluate.evidence import how_they_left
from training.models import version


def about(
    snapshots: Snapshots, population: Population, cut: Split, development: Frame, judging: Frame, code: str
) -> dict[str, Any]:
    """Everything that is known before a model is fitted, and that decides which one it will be."""
    spec = snapshots.spec
    return {
        "project": spec.project,
        "population": population.name,
        "who": population.description,
        "model": population.model,
        "label": _label(population.label),
        "data": {
            **_data(cut, development, judging),
            **_time(population.label, cut, judging),
            **({"point_in_time": OWNER_STATEMENT} if spec.table else {}),
        },
        "code": code,
        "packages": version.packages(),
    }


def _label(label: Label) -> dict[str, Any]:
    return {
        "source": ", ".join(label.about),
        "description": label.description,
        "horizon_days": label.horizon_days,
        "grace_days": label.grace_days,
    }


def _data(cut: Split, development: Frame, judging: Frame) -> dict[str, Any]:
    return {
        "digest": development.digest(),
        "out_of_time_digest": judging.digest(),
        "development": [str(day) for day in cut.development],
        "calibration": [str(day) for day in cut.calibrate],
        "out_of_time": [str(day) for day in cut.out_of_time],
        "development_rows": len(development),
        "out_of_time_rows": len(judging),
        "out_of_time_left": int(judging.labels.sum()),
        **how_they_left(judging),
    }


def _time(label: Label, cut: Split, judging: Frame) -> dict[str, Any]:
    """How what judges lies apart from what was fitted; without dates there is neither embargo nor window."""
    if not judging.dated:
        return {"validation": judging.validation, "embargo_days": None, "windows": None}
    return {
        "validation": judging.validation,
        "embargo_days": label.reach.days,
        "windows": {"development": _window(cut.development, label), "out_of_time": _window(cut.out_of_time, label)},
    }


def _window(days: Sequence[date], label: Label) -> dict[str, str]:
    """First and last snapshot, and the day up to which the last one's label looks."""
    return {"first": str(days[0]), "last": str(days[-1]), "labels_until": str(days[-1] + label.reach)}
