"""`make docs`: the data dictionary of a project, with figures from its snapshots."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date

import numpy as np

from features import Population, PrecomputedSnapshots, Snapshots, dictionary_page
from jobs.runtime.context import Context
from jobs.sample import MADE_BY, simulated
from lake import ingest
from stack.errors import PrichalError
from stack.folders.atomic import replace_text
from stack.settings import ROOT
from training import Alone, Frame, alone, read_frame

QUANTILES = (5, 25, 50, 75, 95)
QUANTILES_HEADING = " · ".join(map(str, QUANTILES)) + "%"
HOW_TO_READ = (
    f"`{QUANTILES_HEADING}` are quantiles of the values that are not null. `AUC alone` is the ROC-AUC of a feature by "
    "itself among the rows where it is not null, ± half of its 95% interval (DeLong, by people and not by rows). 0.5 "
    "says nothing; `high` or `low` says which values are those of people who leave, and an area below 0.5 is told from "
    "the other side: `0.64 ± 0.01 low` is 0.36 by rising values. No word: 0.5 lies in the interval."
)


def dictionary(context: Context) -> str:
    """The page, written to docs/features/<project>.md; needs Spark, no service."""
    project = context.project
    simulated(context)
    for source in project.sources:
        ingest(context.spark, source, context.raw, context.table(source.name), time_zone=project.time_zone)
    page = described(context)
    replace_text(ROOT / "docs" / "features" / f"{project.name}.md", page)
    return page


def described(context: Context) -> str:
    """The page, of what is in the lake."""
    project = context.project
    until = context.snapshots.coverage.end
    context.snapshots.build(context.engine, _dates(context, until, *project.populations))
    frames = {one.name: _frame(context, one, until) for one in project.populations}
    figures: dict[str, dict[str, str]] = {feature.name: {} for feature in project.features}
    for population, frame in frames.items():
        for name, measured in _figures(frame, f"{population}: " if len(frames) > 1 else "").items():
            figures[name] |= measured
    return dictionary_page(project.spec, project.description, figures, [_measured_on(context, frames), HOW_TO_READ])


def _dates(context: Context, until: date, *populations: Population) -> list[date]:
    """The dates whose labels are known, in any of the populations."""
    return [day for day in context.grid(until) if any(one.label.matured(day, until) for one in populations)]


def _frame(context: Context, population: Population, until: date) -> Frame:
    folders = [context.snapshots.path(day) for day in _dates(context, until, population)]
    return read_frame(folders, [one.name for one in context.project.features], context.project.entity, population.name)


def _measured_on(context: Context, frames: dict[str, Frame]) -> str:
    """From which data, dates and rows the figures are."""
    rows = "; ".join(f"{population}, {_rows(frame)}" for population, frame in frames.items())
    return f"Measured on {_exports(context)} of {_covered(context.snapshots)}. Snapshots: {rows}."


def _covered(snapshots: Snapshots) -> str:
    if isinstance(snapshots, PrecomputedSnapshots):  # whose coverage reaches as far as its labels look
        return f"{snapshots.dates[0]} to {snapshots.latest}"
    data = snapshots.coverage
    return f"{data.start} up to (not including) {data.end}"


def _rows(frame: Frame) -> str:
    days = np.unique(frame.as_of)
    dates = f"{len(days)} dates from {days[0]} to {days[-1]}" if len(days) > 1 else f"one date, {days[0]},"
    return (
        f"{dates} with {len(frame):,} rows of "
        f"{len(np.unique(frame.entity)):,} people, {frame.labels.mean():.1%} of which left"
    )


def _exports(context: Context) -> str:
    mark = context.raw / MADE_BY
    if not mark.exists():
        return "the exports"
    made = json.loads(mark.read_text())
    return f"simulated exports (`sample` with users={made['users']}, months={made['months']}, seed={made['seed']})"


def _figures(frame: Frame, prefix: str) -> dict[str, dict[str, str]]:
    """Feature -> heading -> text."""
    columns = zip(frame.names, frame.rows.T, strict=True)
    return {
        name: {f"{prefix}{heading}": text for heading, text in figures_of(values, frame.labels, frame.entity).items()}
        for name, values in columns
    }


def figures_of(values: np.ndarray, labels: np.ndarray, entity: np.ndarray) -> dict[str, str]:
    """Share of nulls, quantiles and AUC alone of one feature's values (n,), as text by heading; empty if all null."""
    known = values[~np.isnan(values)]
    return {
        "null": f"{1 - len(known) / len(values):.1%}",
        QUANTILES_HEADING: _numbers(np.percentile(known, QUANTILES)) if len(known) else "",
        "AUC alone": _auc_text(alone(labels, values, entity)),
    }


def _numbers(values: Sequence[float]) -> str:
    return " · ".join(f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}" for value in values)


def _auc_text(found: Alone) -> str:
    if np.isnan(found.auc):
        return ""
    return f"{max(found.auc, 1 - found.auc):.3f} ± {found.half_width:.3f} {found.riskier}".rstrip()


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", default="churn")
    try:
        dictionary(Context.of(parser.parse_args().project))
    except PrichalError as error:
        sys.stderr.write(f"prichal: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
