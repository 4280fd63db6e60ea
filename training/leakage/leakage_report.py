"""The checks for leaks that a training can ask of its own rows; what they find goes into the evidence."""

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

#: small trees that rank well enough to say who was at risk.
QUICK = {"max_depth": 3, "rounds": 50, "eta": 0.1}


def run_leakage_checks(
    development: Frame,
    judging: Frame,
    split: Split,
    reach: timedelta,
    seed: int,
    *,
    contacts: Sequence[str] = (),
    apart: Sequence[tuple[Frame, Frame]] = (),
    known_rules: Sequence[Sequence[str]] = (),
) -> list[LeakageCheck]:
    """What each check found.

    `label_windows`, `order`, `single_feature`, `label_permutation` and `too_good_rules` are always asked; of rows
    without dates, whose labels have no windows to compare, `entities_apart` instead of the first. That features are
    blind to what happened or was known later is proved by tests on changed logs, and checked against backfills by
    `monitor`.

    Args:
        development: rows of the dates up to the embargo.
        judging: out-of-time rows.
        split: which dates fit and which judge.
        reach: how far a label looks ahead.
        seed: of the shuffled labels.
        contacts: features that count our own contacts; none where the project names none.
        apart: pairs of fitted and judged rows that must share nobody; none where people need not be apart. What is
            judged without dates is among them anyway.
        known_rules: features of each rule that nearly settles the label and is known to the project.
    """
    if not judging.dated:
        apart = [*apart, (development, judging), *(fold.cut(development) for fold in split.folds)]
    results = [
        *([_label_windows(split, reach)] if judging.dated else []),
        order(judging),
        single_feature(judging),
        label_permutation(development, split.folds[-1], seed),
        too_good_rules(_concatenate(development, judging), seed, known_rules),
        *_worst([entities_apart(fit, judge) for fit, judge in apart]),
    ]
    if contacts:
        risk = _risk(development.at(split.fit), judging, contacts, seed)
        results.append(our_contacts(judging, contacts, risk))
    return results


def _concatenate(first: Frame, second: Frame) -> Frame:
    """The rows of both."""
    parts = [[frame.rows, frame.labels, frame.entity, frame.as_of] for frame in (first, second)]
    return Frame(first.names, *(np.concatenate(pair) for pair in zip(*parts, strict=True)))


def _label_windows(split: Split, reach: timedelta) -> LeakageCheck:
    """The narrowest gap of all folds and of the out-of-time dates."""
    pairs = [(fold.fit, fold.judge) for fold in split.folds] + [(split.development, split.out_of_time)]
    fit, judge = min(pairs, key=lambda pair: min(pair[1]) - max(pair[0]))
    return label_windows(fit, judge, reach)


def _worst(results: list[LeakageCheck]) -> list[LeakageCheck]:
    """One finding for all: the first that failed, else the first."""
    return sorted(results, key=lambda result: result.passed)[:1]


def _risk(fit: Frame, judging: Frame, contacts: Sequence[str], seed: int) -> NDArray[np.float64]:
    """Log-odds of leaving by a model that does not see our contacts."""
    columns = [place for place, name in enumerate(fit.names) if name not in contacts]
    native = fit_family("xgboost", fit.rows[:, columns], fit.labels, QUICK, seed)
    risk: NDArray[np.float64] = family("xgboost").margin(native, judging.rows[:, columns])
    return risk
