"""Named checks that the future, or our own hand, does not reach the features.

ROC-AUC alone does not see small leaks, so every check is by construction or by a bound, and says what it found.
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

#: a feature that alone tells more than this has most likely seen the answer.
HIGHEST_SINGLE_AUC = 0.90
#: fewest rows of either class for a feature to be asked among those it is known of.
KNOWN = 100
#: how far the order of ids or rows may tell the label, in ROC-AUC from one half, beyond four standard errors.
ORDER = 0.10
#: trees that can tell single rows apart.
BY_HEART = {"max_depth": 8, "rounds": 30, "eta": 0.3, "min_child_weight": 1}


@dataclass(frozen=True)
class LeakageCheck:
    """One check's verdict.

    Attributes:
        check: its name.
        passed: whether it holds.
        sentence: what was found, for a person.
    """

    check: str
    passed: bool
    sentence: str


def blind(check: str, before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str]) -> LeakageCheck:
    """See that features are bit-identical, however the rows that must not count were changed.

    Args:
        check: `event_future`, `known_future`, or `backfill`, by what was changed.
        before: features by the keys.
        after: the same features of a changed world.
        keys: entity and date.
    """
    first, second = (frame.sort_values(list(keys)).reset_index(drop=True) for frame in (before, after))
    if len(first) != len(second) or not first[list(keys)].equals(second[list(keys)]):
        return LeakageCheck(check, False, f"{len(first)} rows became {len(second)}, or are of others.")
    changed = [name for name in first.columns if not first[name].equals(second[name])]
    if changed:
        rows = int((~_same(first[changed[0]], second[changed[0]])).sum())
        return LeakageCheck(
            check, False, f"{len(changed)} features changed, first {changed[0]} in {rows} of {len(first)} rows."
        )
    return LeakageCheck(check, True, f"{len(first)} rows of {first.shape[1] - len(keys)} features are identical.")


def label_windows(fit: Iterable[date], judge: Iterable[date], reach: timedelta) -> LeakageCheck:
    """See that no label of a fitting date looks into a judging date: the embargo is at least horizon + grace."""
    latest, earliest = max(fit), min(judge)
    gap = (earliest - latest).days
    sentence = f"{gap} days lie between fit and judge, labels look {reach.days} days ahead."
    return LeakageCheck("label_windows", gap >= reach.days, sentence)


def entities_apart(fit: Frame, judge: Frame) -> LeakageCheck:
    """See that nobody is in both, where they are asked to be apart."""
    both = np.intersect1d(fit.entity, judge.entity)
    return LeakageCheck("entities_apart", len(both) == 0, f"{len(both)} entities are fitted on and judged on.")


def order(frame: Frame) -> LeakageCheck:
    """See that neither the ids nor the order of rows tell the label, date by date."""
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
        "order", worst <= ORDER, f"The order of {where} tells {worst:.3f} beyond chance, at most {ORDER} may."
    )


def single_feature(frame: Frame) -> LeakageCheck:
    """See that no feature alone tells the label too well: among those it is known of, or by being known at all."""
    aucs = {name: _single_auc(frame.rows[:, place], frame.labels) for place, name in enumerate(frame.names)}
    name = max(aucs, key=lambda feature: aucs[feature])
    sentence = f"{name} alone has an AUC of {aucs[name]:.3f}; at most {HIGHEST_SINGLE_AUC} is allowed."
    return LeakageCheck("single_feature", aucs[name] <= HIGHEST_SINGLE_AUC, sentence)


def label_permutation(frame: Frame, fold: Fold, seed: int) -> LeakageCheck:
    """See that a model fitted on shuffled labels ranks like chance (Ojala and Garriga, 2010).

    Labels are shuffled within each date, once for fit and judge, so whatever ranks then has got the judge's own answers
    through the rows: a row on both sides, or an order that both share. Boosted trees deep enough to learn
    single rows by heart are fitted. It cannot see a feature made of the true label: `single_feature` looks for that.
    """
    shuffled = replace(frame, labels=_shuffled(frame, seed))
    early, late = shuffled.at(fold.fit), shuffled.at(fold.judge[-1:])
    native = fit_family("xgboost", early.rows, early.labels, BY_HEART, seed)
    shuffled_auc, chance = auc(late.labels, family("xgboost").margin(native, late.rows)), 4 * _error(late.labels)
    sentence = f"With shuffled labels the AUC is {shuffled_auc:.3f}; by chance it is 0.5, at most {chance:.3f} off."
    return LeakageCheck("label_permutation", abs(shuffled_auc - 0.5) <= chance, sentence)


def too_good_rules(frame: Frame, seed: int, known_rules: Sequence[Sequence[str]] = ()) -> LeakageCheck:
    """See that no short rule nearly settles the label although its neighbours do not (training/leakage/rules.py).

    Args:
        frame: rows.
        seed: of how people are halved.
        known_rules: features of each rule that the project knows; a rule that has all of them in its conditions is no
            leak.
    """
    rules = find_rules(frame, seed)
    new = [rule for rule in rules if not any(set(features) <= set(rule.features) for features in known_rules)]
    if new:
        more = f"; {len(new) - 1} more like it" if len(new) > 1 else ""
        return LeakageCheck("too_good_rules", False, f"{new[0].sentence}{more}; name a rule you know in known_rules.")
    known_sentences = "".join(f" Known: {rule.sentence}." for rule in rules)
    return LeakageCheck("too_good_rules", True, f"No short rule nearly settles the label by surprise.{known_sentences}")


def our_contacts(frame: Frame, names: Sequence[str], score: NDArray[np.float64]) -> LeakageCheck:
    """See that what we did ourselves does not follow the risk that we saw.

    A contact chosen by risk tells the model what it once said. Contacts at random do not: their number has nothing
    to do with the score of who was contacted.

    Args:
        frame: rows.
        names: features that count our contacts.
        score: (n,) the risk by which contacts could have been chosen.
    """
    worst, which = 0.0, "none"
    for name in names:
        contacted = frame.rows[:, frame.names.index(name)] > 0
        if contacted.any() and not contacted.all():
            beyond = abs(auc(contacted.astype(int), score) - 0.5) - 4 * _error(contacted.astype(int))
            worst, which = max((worst, which), (beyond, name))
    return LeakageCheck(
        "our_contacts", worst <= 0, f"Of our contacts, {which} follows the risk by {worst:.3f} in AUC beyond chance."
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
    """ROC-AUC of a feature, either way round: of all rows with null lowest or highest, and of those it is known of."""
    has_value_rules = ~np.isnan(values)
    left, stayed = int(labels[has_value_rules].sum()), int((1 - labels[has_value_rules]).sum())
    null_left, null_stayed = int(labels.sum()) - left, int((1 - labels).sum()) - stayed
    among_known = auc(labels[has_value_rules], values[has_value_rules]) if min(left, stayed) else 0.5
    ties = among_known * left * stayed + null_left * null_stayed / 2
    pairs = (left + null_left) * (stayed + null_stayed)
    aucs = [(ties + left * null_stayed) / pairs, (ties + null_left * stayed) / pairs] if pairs else []
    aucs += [among_known] if min(left, stayed) >= KNOWN else []
    return max((max(value, 1 - value) for value in aucs), default=0.5)


def _error(labels: NDArray[np.int_]) -> float:
    """Standard error of a ROC-AUC of one half (Hanley and McNeil, 1982)."""
    ones = int(labels.sum())
    zeros = len(labels) - ones
    return float(np.sqrt((ones + zeros + 1) / (12 * ones * zeros)))
