"""`make docs`: the data dictionary of a project, with figures from its snapshots."""

import argparse
import sys

import numpy as np

from features import dictionary_page
from jobs.context import Context
from lake import ingest
from stack.errors import PrichalError
from stack.files import replace_text
from stack.settings import ROOT
from training import Frame, auc, read_frame


def dictionary(context: Context) -> str:
    """The page, written to docs/features/<project>.md; needs Spark, no service."""
    project = context.project
    for source in project.sources:
        ingest(context.spark, source, project.raw, context.table(source.name))
    snapshots, names = context.snapshots, [feature.name for feature in project.features]
    until = snapshots.coverage.end
    dates = [day for day in context.grid(until) if project.label.matured(day, until)]
    snapshots.build(context.spark, dates)
    folders = [snapshots.path(day) for day in dates]
    frame = read_frame(folders, names, project.entity, project.populations[0].name)
    page = dictionary_page(project.spec, project.description, _figures(frame))
    replace_text(ROOT / "docs" / "features" / f"{project.name}.md", page)
    return page


def _figures(frame: Frame) -> dict[str, dict[str, str]]:
    return {name: _of(frame.rows[:, place], frame.labels) for place, name in enumerate(frame.names)}


def _of(values: np.ndarray, labels: np.ndarray) -> dict[str, str]:
    known = ~np.isnan(values)
    low, middle, high = np.percentile(values[known], [5, 50, 95]) if known.any() else (np.nan,) * 3
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
    parser.add_argument("--project", default="cdnow")
    try:
        dictionary(Context.of(parser.parse_args().project))
    except PrichalError as error:
        sys.stderr.write(f"prichal: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
