"""How often the gate promotes a challenger with a given true AUC: simulated promotions, decided by the real gate.

Two models score the same people. Their scores are binormal: normal in each class, with the distance of the classes that
gives the wanted AUC. Scores are correlated between the models and among the rows of a person. Intervals are computed as
in a real promotion.
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
from benchmarks.gate.gate_picture import PromotionShare, draw
from projects import load_project
from registry import Case, decide
from training.evaluate.auc import WeightedAuc
from training.evaluate.bootstrap import (
    Floats,
    Weights,
    entity_weights,
    interval,
)
from training.evaluate.delong import delong
from training.evaluate.slices import MIN_CLASS_ROWS

PROMOTIONS, CURVE_PROMOTIONS, SEED = 1000, 400, 20260101
#: bootstrap replicates of a simulated promotion. A real one draws 2,000; some are repeated with as many.
REPLICATES, CHECKED_PROMOTIONS = 400, 60
#: promotions per job of a process.
CHUNK = 50
#: chunks of equal models that are also evaluated in slices, and the shares of people in the slices of the cinema.
EQUAL_CHUNKS = 8
SLICE_SHARES = ((0.98, 0.02), (0.75, 0.15, 0.1), (0.2, 0.2, 0.3, 0.3), (0.6, 0.3, 0.1), (0.7, 0.3), (0.5, 0.5))
PROJECT = "churn"


@dataclass(frozen=True)
class Sample:
    """The size of an out-of-time comparison, and the correlations of its scores.

    The figures of the cinema come from `python -m benchmarks retrains`.

    Attributes:
        name: name of the population.
        model: its registered name.
        rows: number of out-of-time rows, over three monthly dates.
        left: number of churned rows, at most one per person.
        people: number of people.
        auc: true AUC of the model in production.
        alike: correlation of the two models' scores within a class; the difference then has the standard
            error that DeLong estimates for the real pair.
        same_person: correlation of the rows of a person.
    """

    name: str
    model: str
    rows: int
    left: int
    people: int
    auc: float
    score_correlation: float
    person_correlation: float


PAID = Sample("paid", "churn_paid", 26_388, 1_611, 9_942, 0.84, 0.965, 0.69)
TRIAL = Sample("trial", "churn_trial", 811, 493, 808, 0.83, 0.983, 0.0)
#: true differences of AUC, challenger minus production, at which the power is simulated.
DIFFERENCES = (-0.02, -0.015, -0.01, -0.005, -0.0025, 0.0, 0.0025, 0.005, 0.01, 0.02)


def main() -> None:
    """Print the shares of promoted challengers, and draw the power curve."""
    policy = load_project(PROJECT).policy
    shares_by_population: dict[str, list[PromotionShare]] = {}
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for sample in (PAID, TRIAL):
            margin = policy.margin_of(sample.model)
            differences = sorted({*DIFFERENCES, -margin, -margin - 0.01})
            jobs = [
                (sample, difference, number)
                for difference in differences
                for number in range(_promotion_count(difference, margin) // CHUNK)
            ]
            counts = list(pool.map(_chunk, *zip(*jobs, strict=True)))
            shares = [
                PromotionShare(
                    difference,
                    sum(count for job, count in zip(jobs, counts, strict=True) if job[1] == difference),
                    _promotion_count(difference, margin),
                )
                for difference in differences
            ]
            shares_by_population[sample.name] = shares
            _print_power(sample, margin, shares)
            _print_correlations(sample, margin)
            print(f"\n{pool.submit(_compare_replicates, sample, -margin / 2).result()}", flush=True)
            equal = sum(
                pool.map(
                    _chunk, [sample] * EQUAL_CHUNKS, [0.0] * EQUAL_CHUNKS, range(EQUAL_CHUNKS), [True] * EQUAL_CHUNKS
                )
            )
            print(
                f"\nEqual, with {sum(map(len, SLICE_SHARES))} slices judged too: "
                f"{PromotionShare(0.0, equal, EQUAL_CHUNKS * CHUNK)}",
                flush=True,
            )
    draw({name: (policy.margin_of(f"{PROJECT}_{name}"), shares) for name, shares in shares_by_population.items()})


def _promotion_count(difference: float, margin: float) -> int:
    """Number of simulated promotions at a true difference: fewer for points that only serve the curve."""
    return PROMOTIONS if difference in {-margin - 0.01, -margin, -0.01, 0.0, 0.01} else CURVE_PROMOTIONS


def _print_power(sample: Sample, margin: float, shares: Sequence[PromotionShare]) -> None:
    by = {share.difference: share for share in shares}
    print(f"\n**{sample.name}**: {sample.rows:,} rows of {sample.people:,} people, {sample.left:,} left; production's "
          f"AUC {sample.auc}; scores correlated by {sample.score_correlation}; "
          f"margin {margin:g}; {PROMOTIONS:,} promotions per case, {REPLICATES} replicates each\n")  # fmt: skip
    print("| true AUC of the challenger | wanted | promoted |\n|---|---|---|")
    cases = [
        (f"worse by the margin and .01 more ({-margin - 0.01:+.4f})", "at most 1%", -margin - 0.01),
        (f"worse by the margin ({-margin:+.4f})", "2.5%", -margin),
        ("worse by .01", "at most 1%", -0.01),
        ("equal", "at least 95%", 0.0),
        ("better by .01", "at least 80%", 0.01),
    ]
    for description, wanted, difference in cases:
        print(f"| {description} | {wanted} | {by[difference]} |")
    print("\nPower: " + ", ".join(f"{share.difference:+.4f}: {share.value:.1%}" for share in shares), flush=True)


def _print_correlations(sample: Sample, margin: float) -> None:
    """Print the margins that other correlations would need, by the normal distribution of the difference."""
    print("\n| correlation | standard error of the difference | margin that blocks 5% of equals "
          "| equals promoted with this margin |\n|---|---|---|---|")  # fmt: skip
    for score_correlation in sorted({0.9, 0.95, 0.98, sample.score_correlation}):
        error = float(
            np.mean(
                [_standard_error(replace(sample, score_correlation=score_correlation), number) for number in range(20)]
            )
        )
        needed = (norm.ppf(0.975) + norm.ppf(0.95)) * error
        print(
            f"| {score_correlation} | {error:.5f} | {needed:.4f} | {norm.cdf(margin / error - norm.ppf(0.975)):.1%} |"
        )


def _standard_error(sample: Sample, number: int) -> float:
    labels, entity, _ = _people(sample)
    gap = delong(labels, _scores(sample, 0.0, np.random.default_rng([SEED, number])), entity).difference(0, 1)
    return (gap.high - gap.low) / 2 / float(norm.ppf(0.975))


def _chunk(sample: Sample, difference: float, number: int, sliced: bool = False) -> int:
    """Simulate one chunk of promotions and count the promoted challengers."""
    policy = load_project(PROJECT).policy
    weights = _people(sample)[2]
    with threadpool_limits(limits=1):
        return sum(
            decide(_case(sample, difference, seed, weights, sliced), policy).accepted
            for seed in range(number * CHUNK, (number + 1) * CHUNK)
        )


def _compare_replicates(sample: Sample, difference: float) -> str:
    """Compare decisions with few and with all replicates, at a difference where both outcomes are likely."""
    policy, (_, entity, few) = load_project(PROJECT).policy, _people(sample)
    all_replicates = list(entity_weights(entity, SEED))
    verdicts = [
        [decide(_case(sample, difference, seed, weights), policy).accepted for weights in (few, all_replicates)]
        for seed in range(CHECKED_PROMOTIONS)
    ]
    same = sum(first == second for first, second in verdicts)
    return (
        f"{same} of {CHECKED_PROMOTIONS} promotions at {difference:+.4f} are decided equally "
        f"by {REPLICATES} and by 2,000 replicates."
    )


def _case(sample: Sample, difference: float, seed: int, weights: list[Weights], sliced: bool = False) -> Case:
    labels, entity, _ = _people(sample)
    challenger, production = _scores(
        sample, difference, np.random.default_rng([SEED, seed, round(1e6 * (difference + 1))])
    )
    both = delong(labels, [challenger, production], entity)
    gap, policy = both.difference(0, 1), load_project(PROJECT).policy
    slices = _slices(sample, challenger, production) if sliced else ()
    if gap.low < -policy.margin_of(sample.model):  # DeLong alone refuses it, so the bootstrap is not needed
        return case(
            sample.model,
            sample.rows,
            sample.left,
            both.interval(0),
            both.interval(1),
            gap,
            gap,
            slices,
        )
    areas = WeightedAuc(labels, {"challenger": challenger, "production": production})
    value = areas(np.ones((1, len(labels))))
    parts = [areas(block) for block in weights]
    draws = {name: np.concatenate([part[name] for part in parts]) for name in ("challenger", "production")}
    challenger_auc, production_auc = (float(value[name][0]) for name in ("challenger", "production"))
    return case(
        sample.model, sample.rows, sample.left, interval(challenger_auc, draws["challenger"]),
        interval(production_auc, draws["production"]),
        interval(challenger_auc - production_auc, draws["challenger"] - draws["production"]), gap, slices,
    )  # fmt: skip


def _slices(sample: Sample, challenger: Floats, production: Floats) -> list[dict[str, Any]]:
    """The difference in random slices of the people with enough rows, by DeLong's variance."""
    labels, entity, _ = _people(sample)
    rng, slices = np.random.default_rng(SEED), []
    for number, shares in enumerate(SLICE_SHARES):
        member = rng.choice(len(shares), size=sample.people, p=shares)[entity]
        for place in range(len(shares)):
            rows = np.flatnonzero(member == place)
            left = int(labels[rows].sum())
            if min(left, len(rows) - left) >= MIN_CLASS_ROWS:
                gap = delong(labels[rows], [challenger[rows], production[rows]], entity[rows]).difference(0, 1)
                slices.append({"slice": f"cut {number}", "range": f"{place}", "rows": len(rows), "left": left,
                             "difference": gap.json()})  # fmt: skip
    return slices


@lru_cache(maxsize=4)
def _people(sample: Sample) -> tuple[NDArray[np.int_], NDArray[np.int_], list[Weights]]:
    """Labels, entities and bootstrap weights; they are the same in every promotion, as in a project."""
    rng = np.random.default_rng(SEED)
    entity = np.sort(np.r_[np.arange(sample.people), rng.integers(0, sample.people, sample.rows - sample.people)])
    last = np.flatnonzero(np.r_[entity[1:] != entity[:-1], True])
    labels = np.zeros(sample.rows, dtype=np.int_)
    labels[rng.choice(last, sample.left, replace=False)] = 1
    few: list[Weights] = []
    for block in entity_weights(entity, SEED):
        few.append(block)
        if sum(map(len, few)) >= REPLICATES:
            break
    return labels, entity, [np.concatenate(few)[:REPLICATES]]


def _scores(sample: Sample, difference: float, rng: np.random.Generator) -> list[Floats]:
    """Draw the scores of the challenger and of the model in production."""
    labels, entity, _ = _people(sample)
    first, second = (_noise(sample, entity, rng) for _ in range(2))
    apart = np.sqrt(2) * norm.ppf([sample.auc + difference, sample.auc])
    production_auc = sample.score_correlation * first + np.sqrt(1 - sample.score_correlation**2) * second
    return [apart[0] * labels + production_auc, apart[1] * labels + first]


def _noise(sample: Sample, entity: NDArray[np.int_], rng: np.random.Generator) -> Floats:
    """Standard normal noise, correlated among the rows of a person."""
    challenger = rng.normal(size=sample.people)[entity]
    noise: Floats = np.sqrt(sample.person_correlation) * challenger + np.sqrt(
        1 - sample.person_correlation
    ) * rng.normal(size=len(entity))
    return noise
