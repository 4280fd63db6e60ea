"""Leakage checks of a training's rows; their results go into the evidence."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from training.data.folds import Split
from training.data.frame import Frame
from training.leakage.checks import (
    LeakageCheck,
    entities_apart,
    label_permutation,
    label_windows,
    order,
    our_contacts,
    single_feature,
    too_good_rules,
)  # fmt: skip
from training.models.families import family
from training.models.fit import fit_family

#: small trees for the predicted risk of `our_contacts`.
RISK_TREES = {"max_depth": 3, "rounds": 50, "eta": 0.1}


def run_leakage_checks(
    development: Frame,
    test: Frame,
    split: Split,
    reach: timedelta,
    seed: int,
    *,
    contacts: Sequence[str] = (),
    apart: Sequence[tuple[Frame, Frame]] = (),
    known_rules: Sequence[Sequence[str]] = (),
) -> list[LeakageCheck]:
    """Run the checks and return their results.

    `label_windows`, `order`, `single_feature`, `label_permutation` and `too_good_rules` always run; for rows
    without dates `entities_apart` replaces the first. These checks cannot show that features ignore later events;
    tests show it with changed logs, and `monitor` with backfills.

    Args:
        development: rows of the dates up to the embargo.
        test: out-of-time rows.
        split: dates of fit and test.
        reach: horizon and grace of the label.
        seed: random seed of the shuffled labels.
        contacts: features that count our own contacts.
        apart: pairs of fit and test rows that must share no entity. Rows without dates are always checked.
        known_rules: features of each legitimate rule that almost determines the label.
    """
    if not test.dated:
        apart = [*apart, (development, test), *(fold.split(development) for fold in split.folds)]
    results = [
        *([_label_windows(split, reach)] if test.dated else []),
        order(test),
        single_feature(test),
        label_permutation(development, split.folds[-1], seed),
        too_good_rules(_concatenate(development, test), seed, known_rules),
        *_worst([entities_apart(fit, test_rows) for fit, test_rows in apart]),
    ]
    if contacts:
        risk = _risk(development.at(split.fit), test, contacts, seed)
        results.append(our_contacts(test, contacts, risk))
    return results


def _concatenate(first: Frame, second: Frame) -> Frame:
    """The rows of both."""
    parts = [[frame.rows, frame.labels, frame.entity, frame.as_of] for frame in (first, second)]
    return Frame(first.names, *(np.concatenate(pair) for pair in zip(*parts, strict=True)))


def _label_windows(split: Split, reach: timedelta) -> LeakageCheck:
    """The narrowest gap of all folds and of the out-of-time dates."""
    pairs = [(fold.fit, fold.test) for fold in split.folds] + [(split.development, split.out_of_time)]
    fit, test = min(pairs, key=lambda pair: min(pair[1]) - max(pair[0]))
    return label_windows(fit, test, reach)


def _worst(results: list[LeakageCheck]) -> list[LeakageCheck]:
    """The first failed result, else the first result."""
    return sorted(results, key=lambda result: result.passed)[:1]


def _risk(fit: Frame, test: Frame, contacts: Sequence[str], seed: int) -> NDArray[np.float64]:
    """Log-odds of leaving by a model without the features of our contacts."""
    columns = [place for place, name in enumerate(fit.names) if name not in contacts]
    native = fit_family("xgboost", fit.rows[:, columns], fit.labels, RISK_TREES, seed)
    risk: NDArray[np.float64] = family("xgboost").margin(native, test.rows[:, columns])
    return risk
