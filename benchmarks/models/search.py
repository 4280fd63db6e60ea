"""The search on CDNOW, compared with a loop that shares nothing, and with scikit-learn's randomised search."""

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

#: families that share matrices between fits, and their parameter for the number of cores.
BOOSTED: dict[str, dict[str, Any]] = {"catboost": {}, "xgboost": {}}
ALL_CORES = {"catboost": "thread_count", "xgboost": "nthread"}
TRIALS, REPEATS, MINUTES = 8, 3, 1.0
#: the day after the last day of the log.
END = date(1998, 7, 1)


def main() -> None:
    """Print seconds of equal trials, the cost of early stopping, a blend, and AUCs after equal minutes."""
    project = load_project("cdnow")
    label, plan = project.populations[0].label, project.training
    months = [day for day in monthly(project.first_snapshot, END) if label.matured(day, END)]
    frame = frame_at(project.spec, months)
    dates_split = split(months, label.reach, plan.out_of_time, plan.folds)
    print(
        f"\nCDNOW, {len(frame.at(dates_split.development)):,} development rows, {os.cpu_count()} cores; "
        f"medians of {REPEATS}"
    )
    trials = _print_equal_trials(frame, dates_split)
    _print_stopped(trials, frame, dates_split)
    _print_blend(frame, dates_split)
    _print_equal_minutes(frame, dates_split)


def _print_equal_trials(frame: Frame, dates_split: Split) -> list[Trial]:
    """Time our search, then the same parameter sets in sequence, with new matrices for every fit, on all cores."""
    ours, same, all_folds, largest_difference = [], [], [], 0.0
    for _ in range(REPEATS):
        began = time.monotonic()
        trials = _search(frame, dates_split, Budget(TRIALS), seed=1)
        ours.append(time.monotonic() - began)
        refits = [[_fit_without_sharing(trial, frame, fold) for fold in dates_split.folds] for trial in trials]
        pairs = [
            (trial.fold_aucs, results[: len(trial.fold_aucs)]) for trial, results in zip(trials, refits, strict=True)
        ]
        same.append(sum(score[0] for _, results in pairs for score in results))
        all_folds.append(sum(score[0] for results in refits for score in results))
        largest_difference = max(
            abs(fold_auc - score[1]) for aucs, results in pairs for fold_auc, score in zip(aucs, results, strict=True)
        )
    fits = sum(len(score.fold_aucs) for score in trials)
    print(f"\nThe same {len(trials)} sets on {len(dates_split.folds)} folds: seconds (lowest to highest)\n")
    print(f"{f'ours: {fits} fits, shared matrices, side by side':60}{_spread(ours)}")
    print(f"{f'in sequence, nothing shared, the same {fits} fits':60}{_spread(same)}   {_ratio(same, ours)}")
    print(
        f"{'in sequence, nothing shared, every set on every fold':60}{_spread(all_folds)}   {_ratio(all_folds, ours)}"
    )
    print(
        f"\nLargest difference of a fold's AUC: {largest_difference:.1e} "
        "(CatBoost on several threads sums in another order)"
    )
    return trials


def _search(frame: Frame, dates_split: Split, budget: Budget, seed: int) -> list[Trial]:
    return search(BOOSTED, Judge(frame, dates_split.folds, seed=1), budget, seed, lambda _: None)


def _fit_without_sharing(trial: Trial, frame: Frame, fold: Fold) -> tuple[float, float]:
    """Seconds and AUC of one fit with its own matrices."""
    began, params = time.monotonic(), {**of_family(dict(trial.params)), ALL_CORES[trial.family]: os.cpu_count()}
    early, late = fold.cut(frame)
    weights = recency_weights(early, trial.params.get(HALF_LIFE))
    native = fit_family(trial.family, early.rows, early.labels, params, 1, weights)
    results = auc(late.labels, family(trial.family).margin(native, late.rows))
    return time.monotonic() - began, results


def _print_stopped(trials: Sequence[Trial], frame: Frame, dates_split: Split) -> None:
    """Print the AUC that the early stopped parameter sets would have reached."""
    judge = Judge(frame, dates_split.folds, seed=1)
    stopped = [trial for trial in trials if trial.pruned]
    all_folds = [float(np.mean([score.auc for score in judge.scores(trial.family, trial.params)])) for trial in stopped]
    chosen = max(trial.auc for trial in trials if not trial.pruned)
    print(f"\n{len(stopped)} of {len(trials)} sets stopped early; the best complete one has {chosen:.4f} on the folds,")
    print(f"the best of the stopped would have had {max(all_folds, default=float('nan')):.4f}")


def _print_blend(frame: Frame, dates_split: Split) -> None:
    """Print the AUC of the mean log-odds of CatBoost and XGBoost with their defaults, for each fold."""
    judge = Judge(frame, dates_split.folds, seed=1)
    cat, xgb = (judge.scores(name, family(name).SETS[0]) for name in BOOSTED)
    print(f"\n{'judging date':16}{'catboost':>10}{'xgboost':>10}{'blend':>10}{'blend - better score, 95%':>34}")
    for first, second in zip(cat, xgb, strict=True):
        blend = (first.margin + second.margin) / 2
        better = max(first, second, key=lambda score: score.auc)
        people = frame.at(first.fold.judge).entity
        results = _difference(first.labels, blend, better.margin, people)
        print(
            f"{first.fold.judge[0]!s:16}{first.auc:10.4f}{second.auc:10.4f}{auc(first.labels, blend):10.4f}"
            f"{results:>34}"
        )


def _print_equal_minutes(frame: Frame, dates_split: Split) -> None:
    """Print the out-of-time AUC of the best parameter set on the folds, after equal minutes of search."""
    print(f"\n{MINUTES:g} minutes of search on the same folds; sets tried, then AUC of the best out of time")
    out_of_time, results = frame.at(dates_split.out_of_time), []
    for seed in range(1, REPEATS + 1):
        trials = _search(frame, dates_split, Budget(1000, MINUTES), seed)
        chosen = max((trial for trial in trials if not trial.pruned), key=lambda trial: trial.auc)
        ours = _final(chosen.family, chosen.params, frame, dates_split)
        tried, params = _randomised(frame, dates_split, seed)
        other = _final("xgboost", params, frame, dates_split)
        results.append((auc(out_of_time.labels, ours), auc(out_of_time.labels, other)))
        difference = _difference(out_of_time.labels, ours, other, out_of_time.entity)
        print(f"seed {seed}: ours {len(trials)} sets, {results[-1][0]:.4f} ({chosen.family}); "
              f"scikit-learn {tried} sets, {results[-1][1]:.4f}; difference {difference}", flush=True)  # fmt: skip
    for name, values in zip(("ours", "scikit-learn"), zip(*results, strict=True), strict=True):
        print(f"{name:14} median {statistics.median(values):.4f}, {min(values):.4f} to {max(values):.4f}")


def _randomised(frame: Frame, dates_split: Split, seed: int) -> tuple[int, dict[str, Any]]:
    """Run RandomizedSearchCV over XGBClassifier, as many sets at a time as there are cores, until the time is over."""
    from scipy.stats import loguniform, randint, uniform
    from sklearn.model_selection import RandomizedSearchCV
    from xgboost import XGBClassifier

    space = {"max_depth": randint(2, 5), "n_estimators": randint(100, 301), "learning_rate": loguniform(0.02, 0.15),
             "min_child_weight": loguniform(5, 200), "subsample": uniform(0.6, 0.4),
             "colsample_bytree": uniform(0.5, 0.5)}  # fmt: skip
    cores, began, tried = os.cpu_count() or 1, time.monotonic(), 0
    rows = [(_row_numbers(frame, fold.fit), _row_numbers(frame, fold.judge)) for fold in dates_split.folds]
    best: tuple[float, dict[str, Any]] = (-1.0, {})
    while time.monotonic() - began < 60 * MINUTES:
        model = XGBClassifier(tree_method="hist", random_state=1, n_jobs=1)
        batch = RandomizedSearchCV(model, space, n_iter=cores, cv=rows, scoring="roc_auc", n_jobs=cores, refit=False,
                                 random_state=1000 * seed + tried)  # fmt: skip
        batch.fit(frame.rows, frame.labels)
        tried += cores
        best = max(best, (float(batch.best_score_), batch.best_params_), key=lambda score: score[0])
    names = {"n_estimators": "rounds", "learning_rate": "eta"}
    return tried, {names.get(name, name): value for name, value in best[1].items()}


def _final(name: str, params: Any, frame: Frame, dates_split: Split) -> Floats:
    """Out-of-time log-odds of a fit on all development dates except the calibration dates."""
    early = frame.at(dates_split.fit)
    weights = recency_weights(early, params.get(HALF_LIFE))
    native = fit_family(name, early.rows, early.labels, of_family(dict(params)), 1, weights)
    margin: Floats = family(name).margin(native, frame.at(dates_split.out_of_time).rows)
    return margin


def _row_numbers(frame: Frame, days: Sequence[date]) -> Any:
    return np.flatnonzero(np.isin(frame.as_of, np.array(days, dtype="datetime64[D]")))


def _difference(labels: Any, first: Floats, second: Floats, people: Any) -> str:
    draws = auc_draws(labels, first, people, 1) - auc_draws(labels, second, people, 1)
    difference = interval(auc(labels, first) - auc(labels, second), draws)
    return f"{difference.value:+.4f} ({difference.low:+.4f} to {difference.high:+.4f})"


def _spread(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):8.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


def _ratio(slow: Sequence[float], fast: Sequence[float]) -> str:
    return f"{statistics.median(slow) / statistics.median(fast):.1f} times ours"
