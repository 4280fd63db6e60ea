"""The data dictionary of a project, with figures measured on its snapshots."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from features import Population, PrecomputedSnapshots, Snapshots, dictionary_page
from jobs.runtime.context import Context
from jobs.runtime.exports import ensure_exports
from lake import ingest
from projects.simulation import read_origin
from stack.folders.atomic import replace_text
from stack.settings import ROOT
from training import Frame, UnivariateAuc, read_frame, univariate_auc

QUANTILES = (5, 25, 50, 75, 95)
QUANTILES_HEADING = " · ".join(map(str, QUANTILES)) + "%"
LEGEND = (
    f"`{QUANTILES_HEADING}` are quantiles of the values that are not null. `univariate AUC` is the ROC-AUC of one "
    "feature among the rows where it is not null, ± half of its 95% interval (DeLong, clustered by person). 0.5 means "
    "no relation. `high` or `low` names the values of people who leave; an AUC below 0.5 is reversed: `0.64 ± 0.01 "
    "low` means 0.36 for rising values. Without a word, 0.5 lies in the interval."
)


def write_dictionary(context: Context) -> None:
    """Write docs/features/<project>.md from exports that are ingested now; needs Spark and no service."""
    project = context.project
    ensure_exports(context)
    for source in project.sources:
        ingest(context.ingest_engine, source, context.raw, context.table(source.name), time_zone=project.time_zone)
    replace_text(ROOT / "docs" / "features" / f"{project.name}.md", dictionary_of_lake(context))


def dictionary_of_lake(context: Context) -> str:
    """The page with figures of the tables in the lake."""
    project = context.project
    until = context.snapshots.coverage.end
    context.snapshots.build(context.engine, _matured_dates(context, until, *project.populations))
    frames = {population.name: _frame(context, population, until) for population in project.populations}
    figures: dict[str, dict[str, str]] = {feature.name: {} for feature in project.features}
    for population, frame in frames.items():
        for name, texts in _figures(frame, f"{population}: " if len(frames) > 1 else "").items():
            figures[name] |= texts
    return dictionary_page(project.spec, project.description, figures, [_origin(context, frames), LEGEND])


def feature_figures(values: np.ndarray, labels: np.ndarray, entity: np.ndarray) -> dict[str, str]:
    """Share of nulls, quantiles and univariate AUC of one feature's values (n,), as text by heading."""
    not_null = values[~np.isnan(values)]
    return {
        "null": f"{1 - len(not_null) / len(values):.1%}",
        QUANTILES_HEADING: _numbers(np.percentile(not_null, QUANTILES)) if len(not_null) else "",
        "univariate AUC": _auc_text(univariate_auc(labels, values, entity)),
    }


def _matured_dates(context: Context, until: date, *populations: Population) -> list[date]:
    """The snapshot dates with matured labels in any of the populations."""
    grid = context.grid(until)
    return [day for day in grid if any(population.label.matured(day, until) for population in populations)]


def _frame(context: Context, population: Population, until: date) -> Frame:
    folders = [context.snapshots.path(day) for day in _matured_dates(context, until, population)]
    names = [feature.name for feature in context.project.features]
    return read_frame(folders, names, context.project.entity, population.name)


def _origin(context: Context, frames: dict[str, Frame]) -> str:
    """The data, dates and rows that the figures were measured on."""
    rows = "; ".join(f"{population}, {_rows(frame)}" for population, frame in frames.items())
    return f"Measured on {_exports(context)} of {_coverage(context.snapshots)}. Snapshots: {rows}."


def _coverage(snapshots: Snapshots) -> str:
    if isinstance(snapshots, PrecomputedSnapshots):  # the coverage of a table reaches to the end of its labels' horizon
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
    origin = read_origin(context.raw) if context.raw.is_dir() else {}
    if not origin:
        return "the exports"
    return (
        f"simulated exports (`sample` with users={origin['users']}, months={origin['months']}, seed={origin['seed']})"
    )


def _figures(frame: Frame, prefix: str) -> dict[str, dict[str, str]]:
    """Feature -> heading -> text."""
    columns = zip(frame.names, frame.rows.T, strict=True)
    return {
        name: {f"{prefix}{heading}": text for heading, text in _texts(values, frame).items()}
        for name, values in columns
    }


def _texts(values: np.ndarray, frame: Frame) -> dict[str, str]:
    return feature_figures(values, frame.labels, frame.entity)


def _numbers(values: Sequence[float]) -> str:
    return " · ".join(f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}" for value in values)


def _auc_text(estimate: UnivariateAuc) -> str:
    if np.isnan(estimate.auc):
        return ""
    return f"{max(estimate.auc, 1 - estimate.auc):.3f} ± {estimate.half_width:.3f} {estimate.riskier}".rstrip()
