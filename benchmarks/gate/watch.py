"""What sound and broken versions look like to the watch: pairs of versions, each fitted on what was known at its date.

`python -m benchmarks watch` after `make run` and `make run PROJECT=cdnow`; docs/watch.md has its table.
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
from training.data.immature_seasonal_features import untrusted, without
from training.evaluate.metrics import Floats
from training.search.candidate import fit_candidate

PROJECTS, FAMILIES, DATES, SEED = ("cdnow", "churn"), ("catboost", "logistic"), 5, 1
#: what a version would say instead of its own probability.
BROKEN: Mapping[str, Callable[[Floats], Floats]] = {
    "sound": lambda told: told,
    "turned round": lambda told: 1 - told,
    "shuffled": lambda told: np.random.default_rng(SEED).permutation(told),
    "ten times, cut at 1": lambda told: np.minimum(10 * told, 1),
    "a tenth": lambda told: told / 10,
}
FIGURES = ("psi", "times", "rank")


@dataclass(frozen=True)
class Day:
    """What a version says of everybody on the day that it was made."""

    family: str
    on: date
    scores: pd.DataFrame


def main() -> None:
    """Print a row for each population and each kind of version, the least and the most of every figure."""
    print("\n| | | index | times | rank correlation | found |\n|---|---|---|---|---|---|")
    for project in PROJECTS:
        context = Context.of(project)
        for one in context.project.populations:
            days = list(_days(context, one))
            for kind, broken in BROKEN.items():
                print(_row(f"{project}, {one.name}", context.project.entity, kind, days, broken), flush=True)


def _days(context: Context, population: Population) -> Iterator[Day]:
    """Every family at each of the last dates."""
    latest = context.snapshots.latest
    for on in sorted({*context.grid(latest), latest})[-DATES:]:
        snapshots, label = context.snapshots, population.label
        known = [day for day in context.grid(on) if label.matured(day, snapshots.known_until(on))]
        snapshots.build(context.engine, [*known, on])
        names, entity = [feature.name for feature in context.project.features], context.project.entity
        frame = without(
            read_frame([snapshots.path(day) for day in known], names, entity, population.name),
            untrusted(context.project.features, known),
        )
        today = pd.read_parquet(snapshots.path(on), columns=[entity, "population", *names])
        today = today[today["population"] == population.name]
        rows = today[list(frame.names)].to_numpy(dtype=np.float64, na_value=np.nan)
        cut = Split(tuple(known), (), (), context.project.training.calibration)
        for family in FAMILIES:
            said = fit_candidate(family, {}, frame, cut, SEED).probability(rows)
            yield Day(family, on, pd.DataFrame({entity: today[entity].to_numpy(), PROBABILITY: said}))


def _row(called: str, entity: str, kind: str, days: list[Day], broken: Callable[[Floats], Floats]) -> str:
    """All pairs of an earlier and a later date, within a family and across."""
    earlier = sorted({day.on for day in days})
    pairs = [
        (before, now)
        for (first, second), (one, other) in product(combinations(earlier, 2), product(FAMILIES, repeat=2))
        for before in days
        for now in days
        if (before.on, before.family, now.on, now.family) == (first, one, second, other)
    ]
    found = [
        compare_scores(
            before.scores, now.scores.assign(**{PROBABILITY: broken(now.scores[PROBABILITY].to_numpy())}), entity
        )
        for before, now in pairs
    ]
    values: dict[str, list[float]] = {name: [] for name in FIGURES}
    for one in (finding for findings in found for finding in findings if finding.name in values):
        values[one.name].append(max(one.value, 1 / one.value) if one.name == "times" else one.value)
    rang = sum(any(finding.failed for finding in findings) for findings in found)
    return f"| {called} | {kind} | {' | '.join(map(_span, values.values()))} | {rang} of {len(found)} |"


def _span(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}" if values else "nobody is there on both days"
