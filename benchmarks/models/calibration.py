"""Where the calibration comes from and of which kind it is, judged on CDNOW (docs/adr/0002-calibration.md)."""

from collections.abc import Callable
from datetime import date

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

#: column -> family and parameters; the second XGBoost is like those the search tries: shallow, with sampled rows.
MODELS: dict[str, tuple[str, dict[str, float]]] = {
    "logistic": ("logistic", {}),
    "catboost": ("catboost", {}),
    "xgboost": ("xgboost", {}),
    "xgboost, sampled": ("xgboost", {"max_depth": 2, "rounds": 250, "min_child_weight": 9, "subsample": 0.67}),
}
SEED = 1
#: the day after the log's last.
END = date(1998, 7, 1)

#: a way gives log-odds of the judging rows and the calibration to put on them.
Way = Callable[[str, dict[str, float], Frame, Split], tuple[Floats, dict[str, float]]]


def main() -> None:
    """Print AUC and calibration error of each way and family, then those of each kind of calibration."""
    project = load_project("cdnow")
    label = project.populations[0].label
    months = [day for day in monthly(project.first_snapshot, END) if label.matured(day, END)]
    frame = frame_at(project.spec, months)
    cut = split(months, label.reach, project.training.out_of_time, project.training.folds)
    judging = frame.at(cut.out_of_time)
    print(f"\nCDNOW out of time, {len(judging):,} rows: AUC (half its 95% interval) / calibration error\n")
    print(f"{'way':58}" + "".join(f"{name:>26}" for name in MODELS))
    for title, way in WAYS.items():
        cells = [_cell(*way(*model, frame, cut), judging) for model in MODELS.values()]
        print(f"{title:58}" + "".join(f"{cell:>26}" for cell in cells), flush=True)
    _kinds(frame, cut)


def _kinds(frame: Frame, cut: Split) -> None:
    """Print, for the way chosen above, what each kind of calibration gives, and which one is chosen."""
    late, judging = frame.at(cut.calibrate), frame.at(cut.out_of_time)
    fits = {"recency": ("recency", {"recency": frame.names.index("purchases_days_since_last")}), **MODELS}
    print("\nKinds of calibration: log-loss out of time / calibration error; * is chosen on the calibration's date\n")
    print(f"{'model':18}" + "".join(f"{kind:>20}" for kind in KINDS))
    for title, (name, params) in fits.items():
        early = frame.at(cut.fit)
        native = fit_family(name, early.rows, early.labels, params, SEED)
        margin, later = (family(name).margin(native, part.rows) for part in (late, judging))
        chosen = choose_calibration(margin, late.labels, late.entity)["kind"]
        cells = [_kind(kind, margin, late, later, judging) + "* "[kind != chosen] for kind in KINDS]
        print(f"{title:18}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


def _kind(kind: str, margin: Floats, late: Frame, later: Floats, judging: Frame) -> str:
    from sklearn.metrics import log_loss

    probability = calibrate(later, {"kind": kind, **KINDS[kind](margin, late.labels)})
    error = calibration_error(judging.labels, probability)
    return f"{log_loss(judging.labels, probability):.4f} / {error:.3f}"


def _cell(margin: Floats, calibration: dict[str, float], judging: Frame) -> str:
    value = auc(judging.labels, margin)
    found = interval(value, auc_draws(judging.labels, margin, judging.entity, SEED))
    error = calibration_error(judging.labels, calibrate(margin, calibration))
    return f"{value:.4f} (± {(found.high - found.low) / 2:.3f}) / {error:.3f}"


def _last(name: str, params: dict[str, float], frame: Frame, cut: Split) -> tuple[Floats, dict[str, float]]:
    return _fit_then(name, params, frame, cut, cut.fit)


def _apart(name: str, params: dict[str, float], frame: Frame, cut: Split) -> tuple[Floats, dict[str, float]]:
    return _fit_then(name, params, frame, cut, cut.folds[-1].fit)


def _fit_then(
    name: str, params: dict[str, float], frame: Frame, cut: Split, dates: tuple[date, ...]
) -> tuple[Floats, dict[str, float]]:
    early, late, judging = frame.at(dates), frame.at(cut.calibrate), frame.at(cut.out_of_time)
    native = fit_family(name, early.rows, early.labels, params, SEED)
    calibration = platt(family(name).margin(native, late.rows), late.labels)
    return family(name).margin(native, judging.rows), calibration


def _refit(name: str, params: dict[str, float], frame: Frame, cut: Split) -> tuple[Floats, dict[str, float]]:
    _, calibration = _apart(name, params, frame, cut)
    return _whole(name, params, frame, cut), calibration


def _pooled(name: str, params: dict[str, float], frame: Frame, cut: Split) -> tuple[Floats, dict[str, float]]:
    folds = judge_folds(name, params, frame, cut.folds, SEED)
    margin = np.concatenate([one.margin for one in folds])
    return _whole(name, params, frame, cut), platt(margin, np.concatenate([one.labels for one in folds]))


def _whole(name: str, params: dict[str, float], frame: Frame, cut: Split) -> Floats:
    everything = frame.at(cut.development)
    native = fit_family(name, everything.rows, everything.labels, params, SEED)
    margin: Floats = family(name).margin(native, frame.at(cut.out_of_time).rows)
    return margin


WAYS: dict[str, Way] = {
    "fit to November, calibrate on December": _last,
    "fit to September, calibrate on December": _apart,
    "fit to December, calibration of the fit to September": _refit,
    "fit to December, calibration pooled from all folds": _pooled,
}
