"""The search on CDNOW: against a loop that makes everything anew, and against scikit-learn's randomised search."""

import os
import statistics
import time
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from benchmarks.pipeline.log import frame_at
from features import monthly
from projects import load_project
from training import Frame, auc
from training.data.folds import Fold, Split, split
from training.data.weights import HALF_LIFE, of_family, recency_weights
from training.evaluate.auc import auc_draws
from training.evaluate.bootstrap import interval
from training.evaluate.metrics import Floats
from training.models.families import family
from training.models.fit import fit_family
from training.search.cross_validation import Judge
from training.search.search import Budget, Trial, search

#: families with something to share; all cores for a fit, which is what their libraries do unless told.
BOOSTED: dict[str, dict[str, Any]] = {"catboost": {}, "xgboost": {}}
ALL_CORES = {"catboost": "thread_count", "xgboost": "nthread"}
TRIALS, REPEATS, MINUTES = 8, 3, 1.0
#: the day after the log's last.
END = date(1998, 7, 1)


def main() -> None:
    """Print seconds of the same trials three ways, what stopping early costs, a blend, and AUCs for equal minutes."""
    project = load_project("cdnow")
    label, plan = project.populations[0].label, project.training
    months = [day for day in monthly(project.first_snapshot, END) if label.matured(day, END)]
    frame = frame_at(project.spec, months)
    cut = split(months, label.reach, plan.out_of_time, plan.folds)
    print(
        f"\nCDNOW, {len(frame.at(cut.development)):,} rows to learn from, {os.cpu_count()} cores; medians of {REPEATS}"
    )
    trials = _same_trials(frame, cut)
    _stopped(trials, frame, cut)
    _blend(frame, cut)
    _same_minutes(frame, cut)


def _same_trials(frame: Frame, cut: Split) -> list[Trial]:
    """Ours, then the same sets one after the other with slices and matrices made for every fit, on all cores."""
    ours, same, whole, apart = [], [], [], 0.0
    for _ in range(REPEATS):
        began = time.monotonic()
        trials = _ours(frame, cut, Budget(TRIALS), seed=1)
        ours.append(time.monotonic() - began)
        anew = [[_anew(trial, frame, fold) for fold in cut.folds] for trial in trials]
        pairs = [(trial.fold_aucs, found[: len(trial.fold_aucs)]) for trial, found in zip(trials, anew, strict=True)]
        same.append(sum(one[0] for _, found in pairs for one in found))
        whole.append(sum(one[0] for found in anew for one in found))
        apart = max(abs(own - one[1]) for aucs, found in pairs for own, one in zip(aucs, found, strict=True))
    fits = sum(len(one.fold_aucs) for one in trials)
    print(f"\nThe same {len(trials)} sets on {len(cut.folds)} folds: seconds (lowest to highest)\n")
    print(f"{f'ours: {fits} fits, shared matrices, side by side':60}{_spread(ours)}")
    print(f"{f'one after the other, all anew, the same {fits} fits':60}{_spread(same)}   {_ratio(same, ours)}")
    print(f"{'one after the other, all anew, every set on every fold':60}{_spread(whole)}   {_ratio(whole, ours)}")
    print(f"\nLargest difference of a fold's AUC: {apart:.1e} (CatBoost on several threads adds in another order)")
    return trials


def _ours(frame: Frame, cut: Split, budget: Budget, seed: int) -> list[Trial]:
    return search(BOOSTED, Judge(frame, cut.folds, seed=1), budget, seed, lambda _: None)


def _anew(trial: Trial, frame: Frame, fold: Fold) -> tuple[float, float]:
    """Seconds and AUC."""
    began, params = time.monotonic(), {**of_family(dict(trial.params)), ALL_CORES[trial.family]: os.cpu_count()}
    early, late = fold.cut(frame)
    weights = recency_weights(early, trial.params.get(HALF_LIFE))
    native = fit_family(trial.family, early.rows, early.labels, params, 1, weights)
    found = auc(late.labels, family(trial.family).margin(native, late.rows))
    return time.monotonic() - began, found


def _stopped(trials: Sequence[Trial], frame: Frame, cut: Split) -> None:
    """What the sets that were stopped early would have reached."""
    judge = Judge(frame, cut.folds, seed=1)
    stopped = [trial for trial in trials if trial.pruned]
    whole = [float(np.mean([one.auc for one in judge.scores(trial.family, trial.params)])) for trial in stopped]
    chosen = max(trial.auc for trial in trials if not trial.pruned)
    print(f"\n{len(stopped)} of {len(trials)} sets stopped early; the best complete one has {chosen:.4f} on the folds,")
    print(f"the best of the stopped would have had {max(whole, default=float('nan')):.4f}")


def _blend(frame: Frame, cut: Split) -> None:
    """Mean log-odds of CatBoost and XGBoost with their defaults, by the folds."""
    judge = Judge(frame, cut.folds, seed=1)
    cat, xgb = (judge.scores(name, family(name).SETS[0]) for name in BOOSTED)
    print(f"\n{'judging date':16}{'catboost':>10}{'xgboost':>10}{'blend':>10}{'blend - better one, 95%':>34}")
    for one, other in zip(cat, xgb, strict=True):
        blend = (one.margin + other.margin) / 2
        better = max(one, other, key=lambda score: score.auc)
        people = frame.at(one.fold.judge).entity
        found = _difference(one.labels, blend, better.margin, people)
        print(f"{one.fold.judge[0]!s:16}{one.auc:10.4f}{other.auc:10.4f}{auc(one.labels, blend):10.4f}{found:>34}")


def _same_minutes(frame: Frame, cut: Split) -> None:
    """Out-of-time AUC of what is best on the folds after the same minutes."""
    print(f"\n{MINUTES:g} minutes of search on the same folds; sets tried, then AUC of the best out of time")
    judging, found = frame.at(cut.out_of_time), []
    for seed in range(1, REPEATS + 1):
        trials = _ours(frame, cut, Budget(1000, MINUTES), seed)
        chosen = max((trial for trial in trials if not trial.pruned), key=lambda trial: trial.auc)
        ours = _final(chosen.family, chosen.params, frame, cut)
        tried, params = _randomised(frame, cut, seed)
        other = _final("xgboost", params, frame, cut)
        found.append((auc(judging.labels, ours), auc(judging.labels, other)))
        difference = _difference(judging.labels, ours, other, judging.entity)
        print(f"seed {seed}: ours {len(trials)} sets, {found[-1][0]:.4f} ({chosen.family}); scikit-learn {tried} sets, "
              f"{found[-1][1]:.4f}; difference {difference}", flush=True)  # fmt: skip
    for name, values in zip(("ours", "scikit-learn"), zip(*found, strict=True), strict=True):
        print(f"{name:14} median {statistics.median(values):.4f}, {min(values):.4f} to {max(values):.4f}")


def _randomised(frame: Frame, cut: Split, seed: int) -> tuple[int, dict[str, Any]]:
    """RandomizedSearchCV over XGBClassifier in lots of as many sets as there are cores, until the minutes are over."""
    from scipy.stats import loguniform, randint, uniform
    from sklearn.model_selection import RandomizedSearchCV
    from xgboost import XGBClassifier

    space = {"max_depth": randint(2, 5), "n_estimators": randint(100, 301), "learning_rate": loguniform(0.02, 0.15),
             "min_child_weight": loguniform(5, 200), "subsample": uniform(0.6, 0.4),
             "colsample_bytree": uniform(0.5, 0.5)}  # fmt: skip
    cores, began, tried = os.cpu_count() or 1, time.monotonic(), 0
    rows = [(_places(frame, fold.fit), _places(frame, fold.judge)) for fold in cut.folds]
    top: tuple[float, dict[str, Any]] = (-1.0, {})
    while time.monotonic() - began < 60 * MINUTES:
        model = XGBClassifier(tree_method="hist", random_state=1, n_jobs=1)
        lot = RandomizedSearchCV(model, space, n_iter=cores, cv=rows, scoring="roc_auc", n_jobs=cores, refit=False,
                                 random_state=1000 * seed + tried)  # fmt: skip
        lot.fit(frame.rows, frame.labels)
        tried += cores
        top = max(top, (float(lot.best_score_), lot.best_params_), key=lambda one: one[0])
    names = {"n_estimators": "rounds", "learning_rate": "eta"}
    return tried, {names.get(name, name): value for name, value in top[1].items()}


def _final(name: str, params: Any, frame: Frame, cut: Split) -> Floats:
    """Log-odds out of time of a fit on all development dates but the last."""
    early = frame.at(cut.fit)
    weights = recency_weights(early, params.get(HALF_LIFE))
    native = fit_family(name, early.rows, early.labels, of_family(dict(params)), 1, weights)
    margin: Floats = family(name).margin(native, frame.at(cut.out_of_time).rows)
    return margin


def _places(frame: Frame, days: Sequence[date]) -> Any:
    return np.flatnonzero(np.isin(frame.as_of, np.array(days, dtype="datetime64[D]")))


def _difference(labels: Any, one: Floats, other: Floats, people: Any) -> str:
    draws = auc_draws(labels, one, people, 1) - auc_draws(labels, other, people, 1)
    found = interval(auc(labels, one) - auc(labels, other), draws)
    return f"{found.value:+.4f} ({found.low:+.4f} to {found.high:+.4f})"


def _spread(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):8.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


def _ratio(slow: Sequence[float], fast: Sequence[float]) -> str:
    return f"{statistics.median(slow) / statistics.median(fast):.1f} times ours"
