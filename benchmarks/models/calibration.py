"""Methods and kinds of calibration, compared on CDNOW (docs/adr/0002-calibration.md)."""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from benchmarks.pipeline.log import frame_at
from features import monthly
from projects import load_project
from training import Frame, auc
from training.data.folds import Split, split
from training.evaluate.auc import auc_draws
from training.evaluate.bootstrap import interval
from training.evaluate.metrics import Floats, calibration_error
from training.models.calibration import WAYS as KINDS
from training.models.calibration import choose_calibration, platt
from training.models.churn_model import calibrate
from training.models.families import family
from training.models.fit import fit_family
from training.search.cross_validation import judge_folds

#: column -> family and parameters; the second XGBoost resembles those of the search: shallow, with sampled rows.
MODELS: dict[str, tuple[str, dict[str, float]]] = {
    "logistic": ("logistic", {}),
    "catboost": ("catboost", {}),
    "xgboost": ("xgboost", {}),
    "xgboost, sampled": ("xgboost", {"max_depth": 2, "rounds": 250, "min_child_weight": 9, "subsample": 0.67}),
}
SEED = 1
#: the day after the last day of the log.
END = date(1998, 7, 1)

#: a method returns the out-of-time log-odds and the calibration to apply to them.
Method = Callable[[str, dict[str, float], Frame, Split], tuple[Floats, dict[str, float]]]


def main() -> None:
    """Print AUC and calibration error of each method and family, then those of each kind of calibration."""
    project = load_project("cdnow")
    label = project.populations[0].label
    months = [day for day in monthly(project.first_snapshot, END) if label.matured(day, END)]
    frame = frame_at(project.spec, months)
    dates_split = split(months, label.reach, project.training.out_of_time, project.training.folds)
    out_of_time = frame.at(dates_split.out_of_time)
    print(f"\nCDNOW out of time, {len(out_of_time):,} rows: AUC (half its 95% interval) / calibration error\n")
    print(f"{'method':58}" + "".join(f"{name:>26}" for name in MODELS))
    for title, method in METHODS.items():
        cells = [_cell(*method(*model, frame, dates_split), out_of_time) for model in MODELS.values()]
        print(f"{title:58}" + "".join(f"{cell:>26}" for cell in cells), flush=True)
    _kinds(frame, dates_split)


def _kinds(frame: Frame, dates_split: Split) -> None:
    """Print the results of each kind of calibration for the first method, and mark the chosen kind."""
    calibration_rows, out_of_time = frame.at(dates_split.calibrate), frame.at(dates_split.out_of_time)
    fits: dict[str, tuple[str, dict[str, Any]]] = {
        "recency": ("recency", {"recency": frame.names.index("purchases_days_since_last")}),
        **MODELS,
    }
    print("\nKinds of calibration: log-loss out of time / calibration error; * is chosen on the calibration's date\n")
    print(f"{'model':18}" + "".join(f"{kind:>20}" for kind in KINDS))
    for title, (name, params) in fits.items():
        early = frame.at(dates_split.fit)
        native = fit_family(name, early.rows, early.labels, params, SEED)
        margin, out_of_time_margin = (
            family(name).margin(native, part.rows) for part in (calibration_rows, out_of_time)
        )
        chosen = choose_calibration(margin, calibration_rows.labels, calibration_rows.entity)["kind"]
        cells = [
            _kind(kind, margin, calibration_rows, out_of_time_margin, out_of_time) + "* "[kind != chosen]
            for kind in KINDS
        ]
        print(f"{title:18}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


def _kind(kind: str, margin: Floats, calibration_rows: Frame, out_of_time_margin: Floats, out_of_time: Frame) -> str:
    from sklearn.metrics import log_loss

    probability = calibrate(out_of_time_margin, {"kind": kind, **KINDS[kind](margin, calibration_rows.labels)})
    error = calibration_error(out_of_time.labels, probability)
    return f"{log_loss(out_of_time.labels, probability):.4f} / {error:.3f}"


def _cell(margin: Floats, calibration: dict[str, float], out_of_time: Frame) -> str:
    value = auc(out_of_time.labels, margin)
    auc_interval = interval(value, auc_draws(out_of_time.labels, margin, out_of_time.entity, SEED))
    error = calibration_error(out_of_time.labels, calibrate(margin, calibration))
    return f"{value:.4f} (± {(auc_interval.high - auc_interval.low) / 2:.3f}) / {error:.3f}"


def _fit_until_last(
    name: str, params: dict[str, float], frame: Frame, dates_split: Split
) -> tuple[Floats, dict[str, float]]:
    return _fit_then(name, params, frame, dates_split, dates_split.fit)


def _fit_until_gap(
    name: str, params: dict[str, float], frame: Frame, dates_split: Split
) -> tuple[Floats, dict[str, float]]:
    return _fit_then(name, params, frame, dates_split, dates_split.folds[-1].fit)


def _fit_then(
    name: str, params: dict[str, float], frame: Frame, dates_split: Split, dates: tuple[date, ...]
) -> tuple[Floats, dict[str, float]]:
    early, calibration_rows, out_of_time = (
        frame.at(dates),
        frame.at(dates_split.calibrate),
        frame.at(dates_split.out_of_time),
    )
    native = fit_family(name, early.rows, early.labels, params, SEED)
    calibration = platt(family(name).margin(native, calibration_rows.rows), calibration_rows.labels)
    return family(name).margin(native, out_of_time.rows), calibration


def _refit(name: str, params: dict[str, float], frame: Frame, dates_split: Split) -> tuple[Floats, dict[str, float]]:
    _, calibration = _fit_until_gap(name, params, frame, dates_split)
    return _fit_all(name, params, frame, dates_split), calibration


def _pooled(name: str, params: dict[str, float], frame: Frame, dates_split: Split) -> tuple[Floats, dict[str, float]]:
    folds = judge_folds(name, params, frame, dates_split.folds, SEED)
    margin = np.concatenate([fold_scores.margin for fold_scores in folds])
    return _fit_all(name, params, frame, dates_split), platt(
        margin, np.concatenate([fold_scores.labels for fold_scores in folds])
    )


def _fit_all(name: str, params: dict[str, float], frame: Frame, dates_split: Split) -> Floats:
    everything = frame.at(dates_split.development)
    native = fit_family(name, everything.rows, everything.labels, params, SEED)
    margin: Floats = family(name).margin(native, frame.at(dates_split.out_of_time).rows)
    return margin


METHODS: dict[str, Method] = {
    "fit to November, calibrate on December": _fit_until_last,
    "fit to September, calibrate on December": _fit_until_gap,
    "fit to December, calibration of the fit to September": _refit,
    "fit to December, calibration pooled from all folds": _pooled,
}
