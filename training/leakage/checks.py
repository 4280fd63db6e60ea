"""Leakage checks: features use no future data and no effect of our own campaigns.

A small leak hardly changes the ROC-AUC, so each check tests one kind of leak against a bound and reports its value.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.folds import Fold
from training.data.frame import Frame
from training.evaluate.auc import auc
from training.leakage.rules import find_rules
from training.models.families import family
from training.models.fit import fit_family

#: a single feature with a higher AUC has most likely used the label.
HIGHEST_SINGLE_AUC = 0.90
#: minimum number of non-null rows of each class for the AUC of non-null rows.
MIN_ROWS_WITH_VALUE = 100
#: maximum distance of the AUC of ids or row order from one half, beyond four standard errors.
MAX_ORDER_AUC = 0.10
#: deep trees that can memorize single rows.
MEMORIZING_TREES = {"max_depth": 8, "rounds": 30, "eta": 0.3, "min_child_weight": 1}


@dataclass(frozen=True)
class LeakageCheck:
    """One check's verdict.

    Attributes:
        check: name of the check.
        passed: whether it passed.
        sentence: the finding.
    """

    check: str
    passed: bool
    sentence: str


def blind(check: str, before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str]) -> LeakageCheck:
    """Check that features are bit-identical after a change of rows that they must not use.

    Args:
        check: `event_future`, `known_future`, or `backfill`, by the changed rows.
        before: features by the keys.
        after: the same features after the change.
        keys: entity and date.
    """
    first, second = (frame.sort_values(list(keys)).reset_index(drop=True) for frame in (before, after))
    if len(first) != len(second) or not first[list(keys)].equals(second[list(keys)]):
        return LeakageCheck(check, False, f"{len(first)} rows became {len(second)}, or the keys differ.")
    changed = [name for name in first.columns if not first[name].equals(second[name])]
    if changed:
        rows = int((~_same(first[changed[0]], second[changed[0]])).sum())
        return LeakageCheck(
            check, False, f"{len(changed)} features changed, first {changed[0]} in {rows} of {len(first)} rows."
        )
    return LeakageCheck(check, True, f"{len(first)} rows of {first.shape[1] - len(keys)} features are identical.")


def label_windows(fit: Iterable[date], test: Iterable[date], reach: timedelta) -> LeakageCheck:
    """Check that no label of a fit date overlaps a test date: the embargo is at least horizon + grace."""
    latest, earliest = max(fit), min(test)
    gap = (earliest - latest).days
    sentence = f"{gap} days are between fit and test; labels look {reach.days} days ahead."
    return LeakageCheck("label_windows", gap >= reach.days, sentence)


def entities_apart(fit: Frame, test: Frame) -> LeakageCheck:
    """Check that no entity is in both fit and test rows."""
    both = np.intersect1d(fit.entity, test.entity)
    return LeakageCheck("entities_apart", len(both) == 0, f"{len(both)} entities are in both fit and test rows.")


def order(frame: Frame) -> LeakageCheck:
    """Check that neither ids nor row order predict the label, date by date."""
    worst, where = 0.0, "ids"
    for day in np.unique(frame.as_of):
        rows = frame.only(frame.as_of == day)
        if len(np.unique(rows.labels)) < 2:
            continue
        ids = np.unique(rows.entity, return_inverse=True)[1]
        for name, ranks in (("ids", ids), ("rows", np.arange(len(rows)))):
            beyond = abs(auc(rows.labels, ranks.astype(float)) - 0.5) - 4 * _error(rows.labels)
            worst, where = max((worst, where), (beyond, name))
    return LeakageCheck(
        "order",
        worst <= MAX_ORDER_AUC,
        f"The AUC of the order of {where} is {worst:.3f} beyond chance; at most {MAX_ORDER_AUC} is allowed.",
    )


def single_feature(frame: Frame) -> LeakageCheck:
    """Check that no single feature predicts the label too well, by its value or by being null."""
    aucs = {name: _single_auc(frame.rows[:, place], frame.labels) for place, name in enumerate(frame.names)}
    name = max(aucs, key=lambda feature: aucs[feature])
    sentence = f"{name} alone has an AUC of {aucs[name]:.3f}; at most {HIGHEST_SINGLE_AUC} is allowed."
    return LeakageCheck("single_feature", aucs[name] <= HIGHEST_SINGLE_AUC, sentence)


def label_permutation(frame: Frame, fold: Fold, seed: int) -> LeakageCheck:
    """Check that a model fitted on shuffled labels ranks randomly (Ojala and Garriga, 2010).

    Labels are shuffled within each date, once for fit and test. A model that still ranks has received test labels
    through the rows: by a row in both, or by a common order. The boosted trees are deep enough to memorize
    single rows. This check cannot detect a feature made from the true label; `single_feature` does.
    """
    shuffled = replace(frame, labels=_shuffled(frame, seed))
    early, late = shuffled.at(fold.fit), shuffled.at(fold.test[-1:])
    native = fit_family("xgboost", early.rows, early.labels, MEMORIZING_TREES, seed)
    shuffled_auc, chance = auc(late.labels, family("xgboost").margin(native, late.rows)), 4 * _error(late.labels)
    sentence = f"With shuffled labels the AUC is {shuffled_auc:.3f}; at most {chance:.3f} from 0.5 is allowed."
    return LeakageCheck("label_permutation", abs(shuffled_auc - 0.5) <= chance, sentence)


def too_good_rules(frame: Frame, seed: int, known_rules: Sequence[Sequence[str]] = ()) -> LeakageCheck:
    """Check that no short rule almost determines the label while its neighbours do not (training/leakage/rules.py).

    Args:
        frame: rows.
        seed: random seed of the two halves of the people.
        known_rules: features of each legitimate rule; a rule with all of them in its conditions is no leak.
    """
    rules = find_rules(frame, seed)
    new = [rule for rule in rules if not any(set(features) <= set(rule.features) for features in known_rules)]
    if new:
        more = f"; {len(new) - 1} similar rules" if len(new) > 1 else ""
        return LeakageCheck("too_good_rules", False, f"{new[0].sentence}{more}; add a legitimate rule to known_rules.")
    known_sentences = "".join(f" Known: {rule.sentence}." for rule in rules)
    return LeakageCheck("too_good_rules", True, f"No unknown short rule almost determines the label.{known_sentences}")


def our_contacts(frame: Frame, names: Sequence[str], score: NDArray[np.float64]) -> LeakageCheck:
    """Check that our own contacts do not follow the predicted risk.

    Contacts chosen by risk repeat an earlier prediction; random contacts are independent of the score.

    Args:
        frame: rows.
        names: features that count our contacts.
        score: (n,) the predicted risk.
    """
    worst, which = 0.0, "none"
    for name in names:
        contacted = frame.rows[:, frame.names.index(name)] > 0
        if contacted.any() and not contacted.all():
            beyond = abs(auc(contacted.astype(int), score) - 0.5) - 4 * _error(contacted.astype(int))
            worst, which = max((worst, which), (beyond, name))
    return LeakageCheck(
        "our_contacts",
        worst <= 0,
        f"Of our contacts, {which} predicts the risk with an AUC of {worst:.3f} beyond chance.",
    )


def _shuffled(frame: Frame, seed: int) -> NDArray[np.int_]:
    rng, labels = np.random.default_rng(seed), frame.labels.copy()
    for day in np.unique(frame.as_of):
        same_day = np.flatnonzero(frame.as_of == day)
        labels[same_day] = rng.permutation(labels[same_day])
    return labels


def _same(first: pd.Series, second: pd.Series) -> pd.Series:
    return (first == second) | (first.isna() & second.isna())


def _single_auc(values: NDArray[np.float64], labels: NDArray[np.int_]) -> float:
    """Highest ROC-AUC of a feature in both directions: all rows with null lowest or highest, and non-null rows."""
    has_value = ~np.isnan(values)
    left, stayed = int(labels[has_value].sum()), int((1 - labels[has_value]).sum())
    null_left, null_stayed = int(labels.sum()) - left, int((1 - labels).sum()) - stayed
    auc_with_value = auc(labels[has_value], values[has_value]) if min(left, stayed) else 0.5
    ties = auc_with_value * left * stayed + null_left * null_stayed / 2
    pairs = (left + null_left) * (stayed + null_stayed)
    aucs = [(ties + left * null_stayed) / pairs, (ties + null_left * stayed) / pairs] if pairs else []
    aucs += [auc_with_value] if min(left, stayed) >= MIN_ROWS_WITH_VALUE else []
    return max((max(value, 1 - value) for value in aucs), default=0.5)


def _error(labels: NDArray[np.int_]) -> float:
    """Standard error of a ROC-AUC of one half (Hanley and McNeil, 1982)."""
    ones = int(labels.sum())
    zeros = len(labels) - ones
    return float(np.sqrt((ones + zeros + 1) / (12 * ones * zeros)))
