"""Rules too good to be true: short conditions that almost determine the label, although their neighbours do not.

A leak, such as a field that is filled after the outcome, may be visible only in two or three features together: where
all conditions hold, nearly all labels are equal, and where a condition fails they are not. Legitimate features act
nearly additively on the log-odds. So each rule is compared with an additive model, and with its neighbours: the rows
that violate exactly one condition. Rules are found on one half of the people and confirmed on the other half, in both
directions, by an exact binomial test. One row per person is used.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, rel_entr
from scipy.stats import binom

from training.data.frame import Frame
from training.leakage.rule_cells import (
    Cells,
    Flags,
    Floats,
    Part,
    make_cells,
)
from training.models.families import family
from training.models.fit import fit_family

#: maximum number of people; a random sample if there are more.
MAX_PEOPLE = 8_000
#: maximum share of the rarer label in a rule.
MAX_IMPURITY = 0.02
#: factor by which the odds of the rarer label must be below the expected odds.
ODDS_RATIO = 5.0
#: probability of a failure without a leak, if the additive model is right.
ALPHA = 0.01
#: minimum rows of a rule in the half that finds it, and minimum gain in log-likelihood of a candidate.
MIN_ROWS, MIN_GAIN = 8, 2.0
#: maximum number of pairs to extend by a third condition, and of candidates to confirm.
MAX_EXTENDED, MAX_CANDIDATES = 30, 50
#: trees with one split each are additive.
ADDITIVE = {"max_depth": 1, "rounds": 40, "eta": 0.3, "min_child_weight": 5}

#: numbers of cells whose conditions all hold, and the label of nearly all their rows.
Candidate = tuple[tuple[int, ...], int]


@dataclass(frozen=True)
class Rule:
    """Conditions that almost determine the label.

    Attributes:
        features: features of the conditions.
        words: the conditions.
        rows: number of people in both halves.
        left: churn rate of these rows.
        expected: churn rate expected by an additive model of all features.
        neighbours: churn rate where exactly one condition fails, by condition.
    """

    features: tuple[str, ...]
    words: str
    rows: int
    left: float
    expected: float
    neighbours: tuple[float, ...]

    @property
    def sentence(self) -> str:
        """The rule for a person."""
        others = " and ".join(f"{share:.1%}" for share in self.neighbours)
        return (
            f"{self.left:.1%} left of {self.rows:,} rows where {self.words}; an additive model expects "
            f"{self.expected:.1%}, and where one condition fails {others} left"
        )


def find_rules(frame: Frame, seed: int) -> list[Rule]:
    """The rules that are confirmed, the one with the most rows first.

    Args:
        frame: rows with labels and entities.
        seed: of how people are halved, and of the additive model.
    """
    rng = np.random.default_rng(seed)
    frame = frame.only(_one_row_each(frame, rng))
    half = rng.permutation(len(frame)) % 2 == 0
    if any(len(np.unique(frame.labels[part])) < 2 for part in (half, ~half)):
        return []
    cells = make_cells(frame)
    native = fit_family("xgboost", frame.rows[half], frame.labels[half], ADDITIVE, seed)
    whole = Part(cells.inside, frame.labels, expit(family("xgboost").margin(native, frame.rows)))
    halves = whole.only(half), whole.only(~half)
    rules = {rule: None for search, confirm in (halves, halves[::-1]) for rule in _confirmed(search, confirm, cells)}
    return sorted((_describe(whole, cells, rule) for rule in rules), key=lambda rule: -rule.rows)


def _one_row_each(frame: Frame, rng: np.random.Generator) -> Flags:
    """One random row per person, for at most `MAX_PEOPLE` people."""
    order = rng.permutation(len(frame))
    _, first = np.unique(frame.entity[order], return_index=True)
    chosen = np.zeros(len(frame), dtype=np.bool_)
    chosen[order[np.sort(first)[:MAX_PEOPLE]]] = True
    return chosen


def _confirmed(search: Part, confirm: Part, cells: Cells) -> list[tuple[int, ...]]:
    candidates = _candidates(search, cells)
    return [rule for rule, label in candidates if _is_confirmed(confirm, rule, label, ALPHA / 2 / len(candidates))]


def _candidates(part: Part, cells: Cells) -> list[Candidate]:
    """Rules of two and three conditions that are purer than expected, in order of their gain."""
    rows, left, expected = (_together(part.inside, weights) for weights in (None, part.labels, part.expected))
    pairs = np.triu(cells.feature[:, None] != cells.feature[None, :], 1) & (rows >= MIN_ROWS)
    first, second = np.nonzero(pairs)
    if not len(first):
        return []
    counts = rows[pairs], left[pairs], expected[pairs]
    scored: list[tuple[float, Candidate]] = []
    for label in (0, 1):
        gains = _gains(*counts, label)
        best = np.argpartition(-gains, min(MAX_CANDIDATES, len(gains) - 1))[:MAX_CANDIDATES]
        best = best[np.argsort(-gains[best])]
        pair_rules: list[Candidate] = [((int(first[place]), int(second[place])), label) for place in best]
        scored += [
            *zip(gains[best].tolist(), pair_rules, strict=True),
            *_extended(part, cells, pair_rules[:MAX_EXTENDED], label),
        ]
    wanted = {rule: gain for gain, rule in scored if gain >= MIN_GAIN and _is_pure(part, *rule)}
    return sorted(wanted, key=lambda rule: -wanted[rule])[:MAX_CANDIDATES]


def _together(inside: NDArray[np.float32], weights: NDArray[np.int_] | Floats | None) -> Floats:
    """Sum of the weights over the rows in each pair of cells."""
    part = inside if weights is None else inside[weights > 0] * np.sqrt(weights[weights > 0], dtype=np.float32)[:, None]
    return np.asarray(part.T @ part, dtype=np.float64)


def _gains(rows: Floats, left: Floats, expected: Floats, label: int) -> Floats:
    """Gain in log-likelihood over odds `ODDS_RATIO` times below the expected; negative if the share is above."""
    rarer, chance = (left, expected / rows) if label == 0 else (rows - left, 1 - expected / rows)
    share, bound = rarer / rows, _bound(chance)
    gain = rows * (rel_entr(share, bound) + rel_entr(1 - share, 1 - bound))
    return np.asarray(np.where(share < bound, gain, -gain), dtype=np.float64)


def _bound(chance: Floats | float) -> Floats:
    """The probability whose odds are `ODDS_RATIO` times smaller."""
    odds = np.clip(chance, 1e-6, 1 - 1e-6) / (1 - np.clip(chance, 1e-6, 1 - 1e-6)) / ODDS_RATIO
    return np.asarray(odds / (1 + odds), dtype=np.float64)


def _extended(part: Part, cells: Cells, pairs: Sequence[Candidate], label: int) -> Iterator[tuple[float, Candidate]]:
    """The pairs with their best third condition."""
    holding = np.stack([part.holds(pair) for pair, _ in pairs]).astype(np.float32)
    weighted = (holding, holding * part.labels.astype(np.float32), holding * part.expected.astype(np.float32))
    counts = [np.asarray(weights @ part.inside, dtype=np.float64) for weights in weighted]
    for (pair, _), rows, left, expected in zip(pairs, *counts, strict=True):
        allowed = (rows >= MIN_ROWS) & ~np.isin(cells.feature, cells.feature[list(pair)])
        if allowed.any():
            places = np.flatnonzero(allowed)
            gains = _gains(rows[places], left[places], expected[places], label)
            yield float(gains.max()), ((*pair, int(places[gains.argmax()])), label)


def _is_pure(part: Part, rule: tuple[int, ...], label: int) -> bool:
    return bool((part.labels[part.holds(rule)] != label).mean() <= MAX_IMPURITY)


def _is_confirmed(part: Part, rule: tuple[int, ...], label: int, alpha: float) -> bool:
    """Whether the rule holds for other people: purer than the additive model expects and than each neighbour."""
    inside = part.holds(rule)
    if not inside.any() or not _is_pure(part, rule, label):
        return False
    rare = part.labels != label
    chance = part.expected[inside].mean()
    bounds = [float(_bound(chance if label == 0 else 1 - chance))]
    bounds += [rare[rows].mean() if rows.any() else 0.0 for rows in _neighbours(part, rule)]
    return all(binom.cdf(rare[inside].sum(), inside.sum(), bound) <= alpha for bound in bounds)


def _neighbours(part: Part, rule: tuple[int, ...]) -> Iterator[Flags]:
    """For each condition, the rows that violate only this condition."""
    for others in combinations(rule, len(rule) - 1):
        broken = next(iter(set(rule) - set(others)))
        yield part.holds(others) & (part.inside[:, broken] == 0)


def _describe(part: Part, cells: Cells, rule: tuple[int, ...]) -> Rule:
    inside = part.holds(rule)
    return Rule(
        features=tuple(cells.names[cell] for cell in rule),
        words=" and ".join(cells.words[cell] for cell in rule),
        rows=int(inside.sum()),
        left=float(part.labels[inside].mean()),
        expected=float(part.expected[inside].mean()),
        neighbours=tuple(float(part.labels[rows].mean()) for rows in _neighbours(part, rule)),
    )
