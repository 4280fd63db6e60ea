"""The checks for leaks that a training can ask of its own rows; what they find goes into the evidence."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from training.data.folds import Split
from training.data.frame import Frame
from training.leakage.checks import (
    Finding,
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


def leak_alarms(
    development: Frame,
    judging: Frame,
    cut: Split,
    reach: timedelta,
    seed: int,
    *,
    contacts: Sequence[str] = (),
    apart: Sequence[tuple[Frame, Frame]] = (),
    known_rules: Sequence[Sequence[str]] = (),
) -> list[Finding]:
    """What each check found.

    `label_windows`, `order`, `single_feature`, `label_permutation` and `too_good_rules` are always asked; of rows
    without dates, whose labels have no windows to compare, `entities_apart` instead of the first. That features are
    blind to what happened or was known later is proved by tests on changed logs, and checked against backfills by
    `monitor`.

    Args:
        development: rows of the dates up to the embargo.
        judging: out-of-time rows.
        cut: which dates fit and which judge.
        reach: how far a label looks ahead.
        seed: of the shuffled labels.
        contacts: features that count our own contacts; none where the project names none.
        apart: pairs of fitted and judged rows that must share nobody; none where people need not be apart. What is
            judged without dates is among them anyway.
        known_rules: features of each rule that nearly settles the label and is known to the project.
    """
    if not judging.dated:
        apart = [*apart, (development, judging), *(fold.cut(development) for fold in cut.folds)]
    found = [
        *([_label_windows(cut, reach)] if judging.dated else []),
        order(judging),
        single_feature(judging),
        label_permutation(development, cut.folds[-1], seed),
        too_good_rules(_concatenate(development, judging), seed, known_rules),
        *_worst([entities_apart(fit, judge) for fit, judge in apart]),
    ]
    if contacts:
        risk = _risk(development.at(cut.fit), judging, contacts, seed)
        found.append(our_contacts(judging, contacts, risk))
    return found


def _concatenate(first: Frame, second: Frame) -> Frame:
    """The rows of both."""
    parts = [[one.rows, one.labels, one.entity, one.as_of] for one in (first, second)]
    return Frame(first.names, *(np.concatenate(pair) for pair in zip(*parts, strict=True)))


def _label_windows(cut: Split, reach: timedelta) -> Finding:
    """The narrowest gap of all folds and of the out-of-time dates."""
    asked = [(fold.fit, fold.judge) for fold in cut.folds] + [(cut.development, cut.out_of_time)]
    fit, judge = min(asked, key=lambda pair: min(pair[1]) - max(pair[0]))
    return label_windows(fit, judge, reach)


def _worst(found: list[Finding]) -> list[Finding]:
    """One finding for all: the first that failed, else the first."""
    return sorted(found, key=lambda one: one.passed)[:1]


def _risk(fit: Frame, judging: Frame, contacts: Sequence[str], seed: int) -> NDArray[np.float64]:
    """Log-odds of leaving by a model that does not see our contacts."""
    kept = [place for place, name in enumerate(fit.names) if name not in contacts]
    native = fit_family("xgboost", fit.rows[:, kept], fit.labels, QUICK, seed)
    risk: NDArray[np.float64] = family("xgboost").margin(native, judging.rows[:, kept])
    return risk
