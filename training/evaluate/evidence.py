"""Evidence: the figures that a training writes for the gate, all out of time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from training.data.frame import Frame
from training.evaluate.bootstrap import (
    BootstrapEstimate,
    Floats,
    Statistic,
    estimate,
)
from training.evaluate.delong import DeLong, delong
from training.evaluate.metric_estimates import GRID, Figures, with_intervals
from training.evaluate.profit import Costs, best, curve
from training.evaluate.slices import (
    Cell,
    Slice,
    SliceFigures,
    cells,
)
from training.leakage.checks import LeakageCheck
from training.models.families import family
from training.search.candidate import Candidate
from training.search.cross_validation import FEWEST

SCHEMA = 2
#: figures whose paired differences between candidates are in the evidence.
COMPARED_FIGURES = ("auc", "average_precision", "log_loss", "brier")

Estimates = Mapping[tuple[str, Any], Mapping[str, BootstrapEstimate]]


@dataclass(frozen=True)
class OutOfTimeResults:
    """Out-of-time figures of all candidates, as parts of the evidence.

    Attributes:
        candidates: each candidate's figures.
        differences: of each pair of candidates, the chosen one first, paired by bootstrap draw.
        months: figures of the chosen candidate at each out-of-time date; empty without dates.
        slices: figures of the chosen candidate in each slice.
        profit: profit of the chosen candidate by budget; None without declared costs.
    """

    candidates: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    months: list[dict[str, Any]]
    slices: list[dict[str, Any]]
    profit: dict[str, Any] | None


def evaluate_out_of_time(
    chosen: Candidate,
    candidates: Sequence[Candidate],
    frame: Frame,
    seed: int,
    slices: Sequence[Slice] = (),
    costs: Costs | None = None,
) -> OutOfTimeResults:
    """Compute all figures on the out-of-time rows, with 95% intervals from shared bootstrap draws.

    Args:
        chosen: the candidate that will be registered, one of `candidates`.
        candidates: fitted models.
        frame: out-of-time rows.
        seed: random seed of the bootstrap.
        slices: slices of the project.
        costs: costs of the project.
    """
    probability = {candidate.name: candidate.probability(frame.rows) for candidate in candidates}
    months, parts = _months(frame), cells(slices, frame)
    scores = probability[chosen.name]
    statistics: dict[tuple[str, Any], Statistic] = {
        **_of_candidates(frame, probability),
        **{
            ("month", i): Figures(frame.labels, scores, cell.rows)
            for i, cell in enumerate(months)
            if not cell.too_small
        },
        **{
            ("slice", i): SliceFigures(frame.labels, scores, cell.rows)
            for i, cell in enumerate(parts)
            if not cell.too_small
        },
    }
    estimates = estimate(statistics, frame.entity, seed)
    areas = delong(frame.labels, list(probability.values()), frame.entity)
    names = [chosen.name, *(name for name in probability if name != chosen.name)]
    return OutOfTimeResults(
        [_candidate(candidate, place, estimates, areas, costs) for place, candidate in enumerate(candidates)],
        [_difference(*pair, list(probability), estimates, areas) for pair in combinations(names, 2)],
        [_month(cell, estimates.get(("month", i))) for i, cell in enumerate(months)],
        [cell.json(estimates.get(("slice", i))) for i, cell in enumerate(parts)],
        None if costs is None else _profit(estimates["all", chosen.name], costs),
    )


def evidence(
    chosen: Candidate, results: OutOfTimeResults, leaks: Sequence[LeakageCheck], about: Mapping[str, Any]
) -> dict[str, Any]:
    """The evidence file's content.

    Args:
        chosen: the candidate that is registered.
        results: out-of-time figures.
        leaks: results of the leakage checks.
        about: project, population, model, data, label and provenance of the training.
    """
    chosen_figures = next(candidate for candidate in results.candidates if candidate["name"] == chosen.name)
    first = {pair["against"]: pair["auc"] for pair in results.differences if pair["candidate"] == chosen.name}
    return {
        "schema": SCHEMA,
        **about,
        "family": chosen.name,
        **{name: chosen_figures[name] for name in ("metrics", "metrics_undecided") if name in chosen_figures},
        "baselines": {name: gap for name, gap in first.items() if family(name).BASELINE},
        "leaks": [asdict(check) for check in leaks],
        **asdict(results),
    }


def count_churn_kinds(frame: Frame) -> dict[str, Any]:
    """Numbers of voluntary and involuntary churn, and the share of rows whose auto-renewal was off at the date."""
    counts: dict[str, Any] = {}
    if frame.how is not None:
        counts |= {f"left_{how}": int((frame.how == how).sum()) for how in ("voluntary", "involuntary")}
    if frame.already_left is not None:
        counts["already_left_share"] = float(frame.already_left.mean())
    return counts


def _of_candidates(frame: Frame, probability: Mapping[str, Floats]) -> dict[tuple[str, Any], Statistic]:
    """Figures of every candidate on all rows, and on rows whose auto-renewal was on."""
    undecided = None if frame.already_left is None else np.flatnonzero(~frame.already_left)
    statistics: dict[tuple[str, Any], Statistic] = {}
    for name, scores in probability.items():
        statistics["all", name] = Figures(frame.labels, scores, curve=True)
        if undecided is not None and _enough(frame, undecided):
            statistics["undecided", name] = Figures(frame.labels, scores, undecided)
    return statistics


def _enough(frame: Frame, rows: np.ndarray[Any, np.dtype[np.int_]]) -> bool:
    left = int(frame.labels[rows].sum())
    return min(left, len(rows) - left) >= FEWEST


def _months(frame: Frame) -> list[Cell]:
    days = np.unique(frame.as_of) if frame.dated else frame.as_of[:0]
    rows = [np.flatnonzero(frame.as_of == day) for day in days]
    return [
        Cell("as_of", str(day), rows_of_day, int(frame.labels[rows_of_day].sum()))
        for day, rows_of_day in zip(days, rows, strict=True)
    ]


def _candidate(
    candidate: Candidate, place: int, estimates: Estimates, areas: DeLong, costs: Costs | None
) -> dict[str, Any]:
    figures, undecided = estimates["all", candidate.name], estimates.get(("undecided", candidate.name))
    results = {
        "name": candidate.name,
        "baseline": bool(family(candidate.name).BASELINE),
        "fold_auc": {"value": candidate.fold_auc, "spread": candidate.fold_spread},
        "metrics": {**with_intervals(figures), "auc_delong": areas.interval(place).json()},
    }
    if undecided is not None:
        results["metrics_undecided"] = with_intervals(undecided)
    if costs is not None:
        results["profit"] = best(GRID, figures["contacted"], figures["found"], costs)
    return results


def _difference(first: str, second: str, order: list[str], estimates: Estimates, areas: DeLong) -> dict[str, Any]:
    first_figures, second_figures = estimates["all", first], estimates["all", second]
    return {
        "candidate": first,
        "against": second,
        **{name: (first_figures[name] - second_figures[name]).interval().json() for name in COMPARED_FIGURES},
        "auc_delong": areas.difference(order.index(first), order.index(second)).json(),
    }


def _month(month: Cell, estimates: Mapping[str, BootstrapEstimate] | None) -> dict[str, Any]:
    facts = {"as_of": month.range, "rows": len(month.rows), "left": month.left, "sentence": month.too_small}
    return facts if estimates is None else {**facts, "metrics": with_intervals(estimates)}


def _profit(figures: Mapping[str, BootstrapEstimate], costs: Costs) -> dict[str, Any]:
    return {
        **curve(GRID, figures["contacted"], figures["found"], costs),
        **best(GRID, figures["contacted"], figures["found"], costs),
    }
