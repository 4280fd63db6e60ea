"""Rules too good to be true: short conditions that nearly settle the label, although their neighbours do not.

A price that is only told once somebody has bought, or a field that is filled afterwards, shows itself in no feature
alone but in two or three together: where both hold, the labels are one-sided, and where one of them fails they are not.
Features act on the log-odds nearly additively; a leak does not. So each rule is held against an additive model, and
against its neighbours, which are the rows that break exactly one of its conditions. Rules are found among one half of
the people and confirmed among the other, both ways round, by an exact binomial test. One row of each person counts.
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

#: people that are looked at, drawn at random where there are more.
LARGEST = 8_000
#: share of rows on the rarer side of the labels that a rule may have.
IMPURE = 0.02
#: how many times smaller than expected the odds of the rarer side must surely be.
ODDS_RATIO = 5.0
#: probability that a world without such a rule fails, if the additive model is right.
ALPHA = 0.01
#: fewest rows of a rule in the half that finds it, and the gain in log-likelihood that makes it a candidate.
FEWEST_ROWS, LEAST_GAIN = 8, 2.0
#: pairs that are tried with a third condition, and candidates that are confirmed.
EXTENDED, CANDIDATES = 30, 50
#: trees with one split each are additive.
ADDITIVE = {"max_depth": 1, "rounds": 40, "eta": 0.3, "min_child_weight": 5}

#: numbers of cells whose conditions all hold, and the label that its rows nearly all have.
Candidate = tuple[tuple[int, ...], int]


@dataclass(frozen=True)
class Rule:
    """Conditions that nearly settle the label.

    Attributes:
        features: whose values the conditions are about.
        words: the conditions.
        rows: how many people they hold for, in both halves.
        left: the share of those rows that left.
        expected: the share that an additive model of all features expects.
        neighbours: the shares that left where exactly one condition fails, by the condition.
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
    """A row of each person, drawn at random; of some of the people where there are very many."""
    order = rng.permutation(len(frame))
    _, first = np.unique(frame.entity[order], return_index=True)
    chosen = np.zeros(len(frame), dtype=np.bool_)
    chosen[order[np.sort(first)[:LARGEST]]] = True
    return chosen


def _confirmed(search: Part, confirm: Part, cells: Cells) -> list[tuple[int, ...]]:
    candidates = _candidates(search, cells)
    return [rule for rule, label in candidates if _is_confirmed(confirm, rule, label, ALPHA / 2 / len(candidates))]


def _candidates(part: Part, cells: Cells) -> list[Candidate]:
    """Rules of two and three conditions that are purer than expected, the surest first."""
    rows, left, expected = (_together(part.inside, weights) for weights in (None, part.labels, part.expected))
    pairs = np.triu(cells.feature[:, None] != cells.feature[None, :], 1) & (rows >= FEWEST_ROWS)
    first, second = np.nonzero(pairs)
    if not len(first):
        return []
    counts = rows[pairs], left[pairs], expected[pairs]
    scored: list[tuple[float, Candidate]] = []
    for label in (0, 1):
        gains = _gains(*counts, label)
        best = np.argpartition(-gains, min(CANDIDATES, len(gains) - 1))[:CANDIDATES]
        best = best[np.argsort(-gains[best])]
        pair_rules: list[Candidate] = [((int(first[place]), int(second[place])), label) for place in best]
        scored += [
            *zip(gains[best].tolist(), pair_rules, strict=True),
            *_extended(part, cells, pair_rules[:EXTENDED], label),
        ]
    wanted = {rule: gain for gain, rule in scored if gain >= LEAST_GAIN and _is_pure(part, *rule)}
    return sorted(wanted, key=lambda rule: -wanted[rule])[:CANDIDATES]


def _together(inside: NDArray[np.float32], weights: NDArray[np.int_] | Floats | None) -> Floats:
    """Sum of the weights over the rows in each two cells."""
    part = inside if weights is None else inside[weights > 0] * np.sqrt(weights[weights > 0], dtype=np.float32)[:, None]
    return np.asarray(part.T @ part, dtype=np.float64)


def _gains(rows: Floats, left: Floats, expected: Floats, label: int) -> Floats:
    """Log-likelihood won over odds `ODDS_RATIO` times below the expected; negative where the share is above those."""
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
        allowed = (rows >= FEWEST_ROWS) & ~np.isin(cells.feature, cells.feature[list(pair)])
        if allowed.any():
            places = np.flatnonzero(allowed)
            gains = _gains(rows[places], left[places], expected[places], label)
            yield float(gains.max()), ((*pair, int(places[gains.argmax()])), label)


def _is_pure(part: Part, rule: tuple[int, ...], label: int) -> bool:
    return bool((part.labels[part.holds(rule)] != label).mean() <= IMPURE)


def _is_confirmed(part: Part, rule: tuple[int, ...], label: int, alpha: float) -> bool:
    """Whether other people show the same: purer than the additive model expects, and than each of the neighbours."""
    inside = part.holds(rule)
    if not inside.any() or not _is_pure(part, rule, label):
        return False
    rare = part.labels != label
    chance = part.expected[inside].mean()
    bounds = [float(_bound(chance if label == 0 else 1 - chance))]
    bounds += [rare[rows].mean() if rows.any() else 0.0 for rows in _neighbours(part, rule)]
    return all(binom.cdf(rare[inside].sum(), inside.sum(), bound) <= alpha for bound in bounds)


def _neighbours(part: Part, rule: tuple[int, ...]) -> Iterator[Flags]:
    """For each condition the rows that break it and no other."""
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
