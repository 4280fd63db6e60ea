"""Small simulated experiments whose true effects are known: helping, none, harming, not monotone in the risk."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actions.experiment import Experiment, Floats

FIRST_DAY = np.datetime64("2025-01-01", "D")
#: kinds of truth.
TRUTHS = ("mixed", "split", "constant", "null")


@dataclass(frozen=True)
class SimulatedExperiment:
    """An experiment and its truth.

    Attributes:
        experiment: the rows.
        effects: (n, actions) true effects on the probability of staying.
        risk: (n,) true probability of leaving without an action.
    """

    experiment: Experiment
    effects: Floats
    risk: Floats


def simulate(
    seed: int, rows: int = 6000, truth: str = "mixed", actions: int = 3, width: int = 20, campaigns: int = 6,
    treated_share: float = 0.75, size: float = 1.0,
) -> SimulatedExperiment:  # fmt: skip
    """Draw people, their risk, effects, arms and outcomes.

    In the truth `mixed`, the first action helps people of middle risk, the second harms people of high risk and helps
    some others, and each further one does nothing or little. In `split`, every action helps half of the people and
    harms the others, by one feature. In `constant`, each action has one effect, and in `null` none has any.

    Args:
        seed: random seed.
        rows: number of rows; a person has about two.
        truth: one of `TRUTHS`.
        actions: number of actions.
        width: number of features; all but six are noise.
        campaigns: number of campaigns, a month apart.
        treated_share: probability of any action; actions share it equally.
        size: factor of all effects.
    """
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, width))
    features[:, 3] = rng.poisson(2.0, rows)
    features[rng.random(rows) < 0.1, 4] = np.nan
    log_odds = -1.7 + 0.9 * features[:, 0] - 0.6 * features[:, 1] + 0.15 * (features[:, 3] - 2)
    risk = 1 / (1 + np.exp(-log_odds))
    effects = size * _effects(features, risk, truth, actions)
    effects = np.clip(effects, risk[:, None] - 0.99, risk[:, None])
    share = np.array([1 - treated_share, *[treated_share / actions] * actions])
    arm = rng.choice(actions + 1, size=rows, p=share)
    stay = 1 - risk + np.where(arm > 0, np.take_along_axis(effects, np.maximum(arm - 1, 0)[:, None], 1)[:, 0], 0.0)
    campaign = np.sort(rng.integers(0, campaigns, rows))
    experiment = Experiment(
        names=tuple(f"x{column}" for column in range(width)),
        rows=features,
        people=_people(campaign, rng),
        campaigns=np.array([f"c{number}" for number in campaign], dtype=object),
        assigned_on=FIRST_DAY + 30 * campaign,
        arms=("control", *(f"action_{number + 1}" for number in range(actions))),
        arm=arm,
        probability=np.broadcast_to(share, (rows, actions + 1)).copy(),
        outcome=(rng.random(rows) < stay).astype(np.float64),
        cost=np.concatenate([[0.0], np.linspace(1.0, 10.0, actions)]),
        baseline=np.clip(risk + rng.normal(0, 0.02, rows), 0, 1),
    )
    return SimulatedExperiment(experiment, effects, risk)


def _people(campaign: NDArray[np.int_], rng: np.random.Generator) -> NDArray[np.object_]:
    """People of each row, once in a campaign."""
    sizes = np.bincount(campaign)
    pool = max(len(campaign) // 2, int(sizes.max()))
    people = np.concatenate([rng.permutation(pool)[:size] for size in sizes])
    return np.array([f"p{person}" for person in people], dtype=object)


def _effects(features: Floats, risk: Floats, truth: str, actions: int) -> Floats:
    if truth == "null":
        return np.zeros((len(features), actions))
    if truth == "split":
        side = np.where(features[:, 2] > 0, 0.15, -0.25)
        return np.column_stack([side * (1 - 0.3 * number) for number in range(actions)])
    if truth == "constant":
        return np.broadcast_to(np.linspace(0.06, 0.0, actions), (len(features), actions)).copy()
    middle = 0.16 * np.exp(-(((risk - 0.2) / 0.08) ** 2)) * (features[:, 2] > -0.5)
    harm = np.where(risk > 0.35, -0.15, 0.08 * (features[:, 2] < 0.0))
    columns = [middle, harm, *(np.full(len(features), 0.01 * (number % 2)) for number in range(actions - 2))]
    return np.column_stack(columns[:actions])
