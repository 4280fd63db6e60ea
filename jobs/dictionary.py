"""`make docs`: the data dictionary of a project, with figures from its snapshots."""

import argparse
import sys
from datetime import date

import numpy as np

from features import Population, dictionary_page
from jobs.context import Context
from lake import ingest
from stack.errors import PrichalError
from stack.files import replace_text
from stack.settings import ROOT
from training import auc, read_frame


def dictionary(context: Context) -> str:
    """The page, written to docs/features/<project>.md; needs Spark, no service."""
    project = context.project
    for source in project.sources:
        ingest(context.spark, source, context.raw, context.table(source.name), time_zone=project.time_zone)
    until = context.snapshots.coverage.end
    context.snapshots.build(context.engine, _dates(context, until, *project.populations))
    figures: dict[str, dict[str, str]] = {feature.name: {} for feature in project.features}
    for one in project.populations:
        for name, measured in _figures(context, one, until).items():
            figures[name] |= measured
    page = dictionary_page(project.spec, project.description, figures)
    replace_text(ROOT / "docs" / "features" / f"{project.name}.md", page)
    return page


def _dates(context: Context, until: date, *populations: Population) -> list[date]:
    """The dates whose labels are known, in any of the populations."""
    return [day for day in context.grid(until) if any(one.label.matured(day, until) for one in populations)]


def _figures(context: Context, population: Population, until: date) -> dict[str, dict[str, str]]:
    """Feature -> heading -> text; with several populations the heading says which."""
    project, names = context.project, [feature.name for feature in context.project.features]
    folders = [context.snapshots.path(day) for day in _dates(context, until, population)]
    frame = read_frame(folders, names, project.entity, population.name)
    several = len(project.populations) > 1
    found = {}
    for place, name in enumerate(names):
        measured = _of(frame.rows[:, place], frame.labels)
        kept = {heading: measured[heading] for heading in (("null", "50%", "AUC alone") if several else measured)}
        found[name] = {f"{population.name}: {key}" if several else key: text for key, text in kept.items()}
    return found


def _of(values: np.ndarray, labels: np.ndarray) -> dict[str, str]:
    known = ~np.isnan(values)
    if not known.any():
        return {"null": "100.0%", "5%": "", "50%": "", "95%": "", "AUC alone": ""}
    low, middle, high = np.percentile(values[known], [5, 50, 95])
    alone = auc(labels[known], values[known])
    return {
        "null": f"{1 - known.mean():.1%}",
        "5%": f"{low:.4g}",
        "50%": f"{middle:.4g}",
        "95%": f"{high:.4g}",
        "AUC alone": f"{alone:.3f}",
    }


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
