"""`mlflow run . -e promote`: the gate decides on the challengers."""

import sys

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import Mode, PopulationName, Release
from jobs.runtime.promotion import promote_challengers, require_success


def promote(
    context: Context, population: PopulationName = "all", mode: Mode = "auto", release: Release = "each"
) -> None:
    """Promote the challengers that pass the gate; fail if a challenger was refused."""
    require_success(promote_challengers(context, population, mode, release))


if __name__ == "__main__":
    sys.exit(run(promote))
