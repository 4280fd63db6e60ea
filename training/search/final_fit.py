"""The refit: the chosen procedure fitted again on all matured snapshots, and how it agrees with the judged model.

The out-of-time figures are of a procedure: features, family, hyperparameters, calibration. The judged model is older
than necessary, because its fit leaves out the dates of the evaluation. The refit is the same procedure with every label
that is known, and it is registered. No figure can be measured on it, because no later label exists. So the evidence
describes how it differs from the judged model, and the gate refuses a refit that differs too much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from scipy.special import logit
from scipy.stats import spearmanr

from training.data.folds import Fold
from training.data.training_data import RefitData
from training.evaluate.metrics import Floats
from training.evaluate.slices import Slice, cells
from training.leakage.checks import (
    LeakageCheck,
    label_permutation,
    label_windows,
    order,
    single_feature,
    too_good_rules,
)
from training.search.candidate import Candidate, fit_candidate

#: fewest rows of a slice whose shift is compared.
SMALLEST_SLICE = 100


def fit_again(chosen: Candidate, data: RefitData, seed: int) -> Candidate:
    """Fit the family and hyperparameters of the chosen candidate on all matured snapshots; it keeps the fold scores.

    Raises:
        TooLittleDataError: the fit or the calibration lacks rows of a class.
    """
    fitted = fit_candidate(chosen.name, chosen.params, data.frame, data.split, seed)
    return replace(fitted, folds=chosen.folds)


def describe_rows(data: RefitData, reach: timedelta) -> dict[str, Any]:
    """Dates, digest and sizes of the rows of the refit, for the provenance."""
    dates = data.split.development
    return {
        "dates": [str(day) for day in dates],
        "calibration": [str(day) for day in data.split.calibrate],
        "labels_until": str(dates[-1] + reach),
        "digest": data.frame.digest(),
        "rows": len(data.frame),
        "left": int(data.frame.labels.sum()),
    }


def describe_refit(
    judged: Candidate,
    refit: Candidate,
    data: RefitData,
    slices: Sequence[Slice],
    leaks: Sequence[LeakageCheck],
) -> dict[str, Any]:
    """How the refit agrees with the judged model, its calibration in the large, and its leakage checks.

    Args:
        judged: the model of the out-of-time figures.
        refit: the registered model.
        data: rows of the refit, and of the latest date.
        slices: declared by the project.
        leaks: leakage checks on the rows of the refit.
    """
    probabilities = (judged.probability(data.latest.rows), refit.probability(data.latest.rows))
    calibration = data.frame.at(data.split.calibrate)
    gap = float(refit.probability(calibration.rows).mean() - calibration.labels.mean())
    dates = data.split.development
    return {
        "sentence": (
            "All figures are of the judged model, which was fitted without the dates of the evaluation. The registered "
            f"model is the same procedure fitted again on all {len(dates)} matured snapshots up to {dates[-1]}; no "
            "figure could be measured on it yet."
        ),
        "agreement": {
            "as_of": str(data.latest.dates[-1]),
            "rows": len(data.latest),
            "rank_correlation": _rank_correlation(*probabilities),
            **_shift(*probabilities),
        },
        "slices": [
            {
                "slice": cell.slice,
                "range": cell.range,
                "rows": len(cell.rows),
                **_shift(*(p[cell.rows] for p in probabilities)),
            }
            for cell in cells(slices, data.latest)
            if len(cell.rows) >= SMALLEST_SLICE
        ],
        "calibration_gap": gap,
        "leaks": [asdict(check) for check in leaks],
    }


def check_refit_rows(
    data: RefitData, scored_from: date, reach: timedelta, seed: int, known_rules: Sequence[Sequence[str]] = ()
) -> list[LeakageCheck]:
    """The leakage checks on the rows of the refit.

    Args:
        data: rows of the refit.
        scored_from: first day that the refit may score; no label may look beyond it.
        reach: how far a label looks ahead.
        seed: seed of the shuffled labels.
        known_rules: features of each rule that is known to the project.
    """
    frame, dates = data.frame, data.split.development
    late = max(frame.only(frame.labels == 1).dates)
    early = tuple(day for day in dates if day + reach <= late) or dates[:1]
    return [
        label_windows(dates, [scored_from], reach),
        order(frame),
        single_feature(frame),
        label_permutation(frame, Fold(early, (late,)), seed),
        too_good_rules(frame, seed, known_rules),
    ]


def _rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's correlation; two constant scores agree, and one constant score agrees with none."""
    constant = [float(np.ptp(scores)) == 0 for scores in (first, second)]
    return float(all(constant)) if any(constant) else float(spearmanr(first, second).statistic)


def _shift(judged: Floats, refit: Floats) -> Mapping[str, float]:
    """Mean probability of both models, and the difference of its log-odds, refit minus judged."""
    means = np.clip([judged.mean(), refit.mean()], 1e-6, 1 - 1e-6)
    judged_log_odds, refit_log_odds = logit(means)
    return {
        "judged_mean": float(means[0]),
        "refit_mean": float(means[1]),
        "shift": float(refit_log_odds - judged_log_odds),
    }
