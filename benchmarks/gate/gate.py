"""How often the gate lets a challenger in whose true AUC is known: simulated promotions, decided by the gate itself.

Two models of the same people: latent scores, normal in each class, of the classes' distance that gives the AUC wanted
(binormal), correlated between the models and among one person's rows. Intervals are made as a promotion makes them.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from benchmarks.gate.gate_case import case
from benchmarks.gate.gate_picture import Share, draw
from projects import load_project
from registry import Case, decide
from training.evaluate.bootstrap import (
    Floats,
    Weights,
    entity_weights,
    interval,
)
from training.evaluate.delong import delong
from training.evaluate.slices import SMALLEST
from training.evaluate.weighted_auc import Areas

PROMOTIONS, OTHERS, SEED = 1000, 400, 20260101
#: replicates of a simulated promotion; a real one draws 2,000, which is asked for some of them too.
DRAWN, CHECKED = 400, 60
#: promotions that a process makes at a time.
CHUNK = 50
#: chunks of equals that are judged by slices too: shares of the people as the cinema's six cuts make them.
EQUALS = 8
CUTS = ((0.98, 0.02), (0.75, 0.15, 0.1), (0.2, 0.2, 0.3, 0.3), (0.6, 0.3, 0.1), (0.7, 0.3), (0.5, 0.5))
PROJECT = "churn"


@dataclass(frozen=True)
class Sample:
    """Rows that judge, and how alike the two models are; figures of the cinema by `python -m benchmarks retrains`.

    Attributes:
        name: of the population.
        model: its registered name.
        rows: out of time, of three monthly dates.
        left: how many of them left, each person once at most.
        people: whose rows they are.
        auc: true, of production.
        alike: correlation of the two models' scores within a class, such that the difference has the standard error
            that DeLong tells of the real pair.
        same_person: correlation of one person's rows.
    """

    name: str
    model: str
    rows: int
    left: int
    people: int
    auc: float
    alike: float
    same_person: float


PAID = Sample("paid", "churn_paid", 26_388, 1_611, 9_942, 0.84, 0.965, 0.69)
TRIAL = Sample("trial", "churn_trial", 811, 493, 808, 0.83, 0.983, 0.0)
#: true differences of AUC, challenger minus production, at which the power is told.
STEPS = (-0.02, -0.015, -0.01, -0.005, -0.0025, 0.0, 0.0025, 0.005, 0.01, 0.02)


def main() -> None:
    """Print the shares that were let in, and draw the power."""
    policy = load_project(PROJECT).policy
    found: dict[str, list[Share]] = {}
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for sample in (PAID, TRIAL):
            margin = policy.margin_of(sample.model)
            steps = sorted({*STEPS, -margin, -margin - 0.01})
            jobs = [(sample, step, number) for step in steps for number in range(_asked(step, margin) // CHUNK)]
            counts = list(pool.map(_chunk, *zip(*jobs, strict=True)))
            shares = [
                Share(
                    step,
                    sum(count for job, count in zip(jobs, counts, strict=True) if job[1] == step),
                    _asked(step, margin),
                )
                for step in steps
            ]
            found[sample.name] = shares
            _tell(sample, margin, shares)
            _tell_alike(sample, margin)
            print(f"\n{pool.submit(_same_verdict, sample, -margin / 2).result()}", flush=True)
            equal = sum(pool.map(_chunk, [sample] * EQUALS, [0.0] * EQUALS, range(EQUALS), [True] * EQUALS))
            print(
                f"\nEqual, with {sum(map(len, CUTS))} slices judged too: {Share(0.0, equal, EQUALS * CHUNK)}",
                flush=True,
            )
    draw({name: (policy.margin_of(f"{PROJECT}_{name}"), shares) for name, shares in found.items()})


def _asked(step: float, margin: float) -> int:
    """How many promotions a true difference is tried by: fewer where it is only a point of the curve."""
    return PROMOTIONS if step in {-margin - 0.01, -margin, -0.01, 0.0, 0.01} else OTHERS


def _tell(sample: Sample, margin: float, shares: Sequence[Share]) -> None:
    by = {share.difference: share for share in shares}
    print(f"\n**{sample.name}**: {sample.rows:,} rows of {sample.people:,} people, {sample.left:,} left; production's "
          f"AUC {sample.auc}; scores correlated by {sample.alike}; margin {margin:g}; {PROMOTIONS:,} promotions a "
          f"case, {DRAWN} replicates each\n")  # fmt: skip
    print("| true AUC of the challenger | wanted | promoted |\n|---|---|---|")
    cases = [
        (f"worse by the margin and .01 more ({-margin - 0.01:+.4f})", "at most 1%", -margin - 0.01),
        (f"worse by the margin ({-margin:+.4f})", "2.5%", -margin),
        ("worse by .01", "at most 1%", -0.01),
        ("equal", "at least 95%", 0.0),
        ("better by .01", "at least 80%", 0.01),
    ]
    for told, wanted, step in cases:
        print(f"| {told} | {wanted} | {by[step]} |")
    print("\nPower: " + ", ".join(f"{share.difference:+.4f}: {share.value:.1%}" for share in shares), flush=True)


def _tell_alike(sample: Sample, margin: float) -> None:
    """What other correlations would give, by the normal distribution of the difference."""
    print("\n| correlation | standard error of the difference | margin that blocks 5% of equals "
          "| equals promoted with this margin |\n|---|---|---|---|")  # fmt: skip
    for alike in sorted({0.9, 0.95, 0.98, sample.alike}):
        error = float(np.mean([_standard_error(replace(sample, alike=alike), number) for number in range(20)]))
        needed = (norm.ppf(0.975) + norm.ppf(0.95)) * error
        print(f"| {alike} | {error:.5f} | {needed:.4f} | {norm.cdf(margin / error - norm.ppf(0.975)):.1%} |")


def _standard_error(sample: Sample, number: int) -> float:
    labels, entity, _ = _people(sample)
    gap = delong(labels, _scores(sample, 0.0, np.random.default_rng([SEED, number])), entity).difference(0, 1)
    return (gap.high - gap.low) / 2 / float(norm.ppf(0.975))


def _chunk(sample: Sample, difference: float, number: int, sliced: bool = False) -> int:
    """How many of some promotions were let in."""
    policy = load_project(PROJECT).policy
    weights = _people(sample)[2]
    with threadpool_limits(limits=1):
        return sum(
            decide(_case(sample, difference, seed, weights, sliced), policy).accepted
            for seed in range(number * CHUNK, (number + 1) * CHUNK)
        )


def _same_verdict(sample: Sample, difference: float) -> str:
    """Whether few replicates decide as all do, where the answer is open."""
    policy, (_, entity, few) = load_project(PROJECT).policy, _people(sample)
    every = list(entity_weights(entity, SEED))
    verdicts = [
        [decide(_case(sample, difference, seed, weights), policy).accepted for weights in (few, every)]
        for seed in range(CHECKED)
    ]
    same = sum(one == other for one, other in verdicts)
    return f"{same} of {CHECKED} promotions at {difference:+.4f} are decided alike by {DRAWN} and by 2,000 replicates."


def _case(sample: Sample, difference: float, seed: int, weights: list[Weights], sliced: bool = False) -> Case:
    labels, entity, _ = _people(sample)
    own, its = _scores(sample, difference, np.random.default_rng([SEED, seed, round(1e6 * (difference + 1))]))
    both = delong(labels, [own, its], entity)
    gap, policy = both.difference(0, 1), load_project(PROJECT).policy
    told = _slices(sample, own, its) if sliced else ()
    if gap.low < -policy.margin_of(sample.model):  # refused whatever a bootstrap says: nothing has to be drawn
        return case(sample.model, sample.rows, sample.left, both.interval(0), both.interval(1), gap, gap, told)
    areas = Areas(labels, {"own": own, "its": its})
    value = areas(np.ones((1, len(labels))))
    parts = [areas(block) for block in weights]
    draws = {name: np.concatenate([part[name] for part in parts]) for name in ("own", "its")}
    mine, other = (float(value[name][0]) for name in ("own", "its"))
    return case(
        sample.model, sample.rows, sample.left, interval(mine, draws["own"]), interval(other, draws["its"]),
        interval(mine - other, draws["own"] - draws["its"]), gap, told,
    )  # fmt: skip


def _slices(sample: Sample, own: Floats, its: Floats) -> list[dict[str, Any]]:
    """The difference among some of the people, by DeLong's variance, where there are enough."""
    labels, entity, _ = _people(sample)
    rng, told = np.random.default_rng(SEED), []
    for number, shares in enumerate(CUTS):
        member = rng.choice(len(shares), size=sample.people, p=shares)[entity]
        for place in range(len(shares)):
            rows = np.flatnonzero(member == place)
            left = int(labels[rows].sum())
            if min(left, len(rows) - left) >= SMALLEST:
                gap = delong(labels[rows], [own[rows], its[rows]], entity[rows]).difference(0, 1)
                told.append({"slice": f"cut {number}", "range": f"{place}", "rows": len(rows), "left": left,
                             "difference": gap.json()})  # fmt: skip
    return told


@lru_cache(maxsize=4)
def _people(sample: Sample) -> tuple[NDArray[np.int_], NDArray[np.int_], list[Weights]]:
    """Labels, whose row it is, and the people drawn: equal in every promotion, as the project's seed makes them."""
    rng = np.random.default_rng(SEED)
    entity = np.sort(np.r_[np.arange(sample.people), rng.integers(0, sample.people, sample.rows - sample.people)])
    last = np.flatnonzero(np.r_[entity[1:] != entity[:-1], True])
    labels = np.zeros(sample.rows, dtype=np.int_)
    labels[rng.choice(last, sample.left, replace=False)] = 1
    few: list[Weights] = []
    for block in entity_weights(entity, SEED):
        few.append(block)
        if sum(map(len, few)) >= DRAWN:
            break
    return labels, entity, [np.concatenate(few)[:DRAWN]]


def _scores(sample: Sample, difference: float, rng: np.random.Generator) -> list[Floats]:
    """Latent scores of the challenger and of production."""
    labels, entity, _ = _people(sample)
    first, second = (_noise(sample, entity, rng) for _ in range(2))
    apart = np.sqrt(2) * norm.ppf([sample.auc + difference, sample.auc])
    other = sample.alike * first + np.sqrt(1 - sample.alike**2) * second
    return [apart[0] * labels + other, apart[1] * labels + first]


def _noise(sample: Sample, entity: NDArray[np.int_], rng: np.random.Generator) -> Floats:
    """Standard normal, correlated among one person's rows."""
    own = rng.normal(size=sample.people)[entity]
    noise: Floats = np.sqrt(sample.same_person) * own + np.sqrt(1 - sample.same_person) * rng.normal(size=len(entity))
    return noise
