"""Figures of the canary for sound and for broken versions: pairs of versions, fitted at different dates.

`python -m benchmarks canary` after `make run` and `make run PROJECT=cdnow`; docs/canary.md has its table.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations, product

import numpy as np
import pandas as pd

from features import Population
from jobs.runtime.context import Context
from monitoring.score_comparison import PROBABILITY, compare_scores
from training import read_frame
from training.data.folds import Split
from training.data.immature_seasonal_features import immature_seasonal_features, mask_features
from training.evaluate.metrics import Floats
from training.search.candidate import fit_candidate

PROJECTS, FAMILIES, DATES, SEED = ("cdnow", "churn"), ("catboost", "logistic"), 5, 1
#: kind of a version -> its prediction, made from the sound probability.
DISTORTIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "sound": lambda probability: probability,
    "inverted": lambda probability: 1 - probability,
    "shuffled": lambda probability: np.random.default_rng(SEED).permutation(probability),
    "ten times, at most 1": lambda probability: np.minimum(10 * probability, 1),
    "a tenth": lambda probability: probability / 10,
}
FIGURES = ("psi", "times", "rank")


@dataclass(frozen=True)
class DailyScores:
    """Predictions of one version for the whole population, on the day of its training."""

    family: str
    on: date
    scores: pd.DataFrame


def main() -> None:
    """Print a row for each population and kind of version, with the smallest and the largest value of every figure."""
    print("\n| | | PSI | ratio of means | rank correlation | classified as broken |\n|---|---|---|---|---|---|")
    for project in PROJECTS:
        context = Context.of(project)
        for population in context.project.populations:
            days = list(_days(context, population))
            for kind, distort in DISTORTIONS.items():
                print(_row(f"{project}, {population.name}", context.project.entity, kind, days, distort), flush=True)


def _days(context: Context, population: Population) -> Iterator[DailyScores]:
    """Fit every family at each of the last dates, and score the whole population on that date."""
    latest = context.snapshots.latest
    for on in sorted({*context.grid(latest), latest})[-DATES:]:
        snapshots, label = context.snapshots, population.label
        matured = [day for day in context.grid(on) if label.matured(day, snapshots.known_until(on))]
        snapshots.build(context.engine, [*matured, on])
        names, entity = [feature.name for feature in context.project.features], context.project.entity
        frame = mask_features(
            read_frame([snapshots.path(day) for day in matured], names, entity, population.name),
            immature_seasonal_features(context.project.features, matured),
        )
        today = pd.read_parquet(snapshots.path(on), columns=[entity, "population", *names])
        today = today[today["population"] == population.name]
        rows = today[list(frame.names)].to_numpy(dtype=np.float64, na_value=np.nan)
        dates_split = Split(tuple(matured), (), (), context.project.training.calibration)
        for family in FAMILIES:
            predicted = fit_candidate(family, {}, frame, dates_split, SEED).probability(rows)
            yield DailyScores(family, on, pd.DataFrame({entity: today[entity].to_numpy(), PROBABILITY: predicted}))


def _row(title: str, entity: str, kind: str, days: list[DailyScores], distort: Callable[[Floats], Floats]) -> str:
    """Compare all pairs of versions with different dates, within a family and across families."""
    earlier = sorted({day.on for day in days})
    pairs = [
        (before, now)
        for (first, second), (family, other) in product(combinations(earlier, 2), product(FAMILIES, repeat=2))
        for before in days
        for now in days
        if (before.on, before.family, now.on, now.family) == (first, family, second, other)
    ]
    comparisons = [
        compare_scores(
            before.scores, now.scores.assign(**{PROBABILITY: distort(now.scores[PROBABILITY].to_numpy())}), entity
        )
        for before, now in pairs
    ]
    values: dict[str, list[float]] = {name: [] for name in FIGURES}
    for check in (check for checks in comparisons for check in checks if check.name in values):
        values[check.name].append(max(check.value, 1 / check.value) if check.name == "times" else check.value)
    broken_count = sum(any(check.failed for check in checks) for checks in comparisons)
    return f"| {title} | {kind} | {' | '.join(map(_span, values.values()))} | {broken_count} of {len(comparisons)} |"


def _span(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}" if values else "nobody is in both"
