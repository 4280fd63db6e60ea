"""Provenance of a training, as in its evidence: population, label, data, code and packages."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from features import OWNER_STATEMENT, Label
from training.data.folds import Split
from training.data.frame import Frame
from training.data.training_data import TrainingData
from training.evaluate.evidence import count_churn_kinds
from training.models import version
from training.request import TrainingRequest
from training.search.final_fit import describe_rows


def describe_provenance(request: TrainingRequest, data: TrainingData) -> dict[str, Any]:
    """Describe everything that is known before the fit and that decides the fitted model."""
    spec, population = request.snapshots.spec, request.population
    return {
        "project": spec.project,
        "population": population.name,
        "who": population.description,
        "model": population.model,
        "label": _label(population.label),
        "data": {
            **_data(data),
            **_windows(population.label, data.split, data.out_of_time),
            **({"point_in_time": OWNER_STATEMENT} if spec.table else {}),
            **({} if data.contacted_rows is None else {"contacted_rows": data.contacted_rows}),
        },
        **({"refit": describe_rows(data.refit, population.label.reach)} if data.refit else {}),
        "code": request.code_hash,
        "packages": version.packages(),
    }


def _label(label: Label) -> dict[str, Any]:
    return {
        "source": ", ".join(label.about),
        "description": label.description,
        "horizon_days": label.horizon_days,
        "grace_days": label.grace_days,
    }


def _data(data: TrainingData) -> dict[str, Any]:
    return {
        "digest": data.development.digest(),
        "out_of_time_digest": data.out_of_time.digest(),
        "development": [str(day) for day in data.split.development],
        "calibration": [str(day) for day in data.split.calibrate],
        "out_of_time": [str(day) for day in data.split.out_of_time],
        "development_rows": len(data.development),
        "out_of_time_rows": len(data.out_of_time),
        "out_of_time_left": int(data.out_of_time.labels.sum()),
        **count_churn_kinds(data.out_of_time),
    }


def _windows(label: Label, split: Split, out_of_time: Frame) -> dict[str, Any]:
    """Embargo and date windows of development and evaluation; None where rows carry no dates."""
    if not out_of_time.dated:
        return {"validation": out_of_time.validation, "embargo_days": None, "windows": None}
    return {
        "validation": out_of_time.validation,
        "embargo_days": label.reach.days,
        "windows": {"development": _window(split.development, label), "out_of_time": _window(split.out_of_time, label)},
    }


def _window(days: Sequence[date], label: Label) -> dict[str, str]:
    """First and last snapshot date, and the day on which the last label matures."""
    return {"first": str(days[0]), "last": str(days[-1]), "labels_until": str(days[-1] + label.reach)}
