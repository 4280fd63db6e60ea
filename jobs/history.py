"""`mlflow run . -e history`: who replaced what, when, and why."""

import sys
from collections.abc import Sequence
from datetime import UTC

from rich import box
from rich.console import Console
from rich.table import Table

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import PopulationName
from registry import Row
from registry import history as read

#: characters wide, and of a reason; the ledger holds all of it.
WIDTH, LONGEST = 140, 160


def history(context: Context, population: PopulationName = "all") -> None:
    """Print the ledger's rows of the project's models, the oldest first."""
    models = [one.model for one in context.project.choose(population)]
    rows = read(context.settings.require_database(), models)
    if not rows:
        context.say(f"history · the ledger has no row of {', '.join(models)} yet")
        return
    Console(file=sys.stdout, width=WIDTH, highlight=False).print(table(rows))


def table(rows: Sequence[Row]) -> Table:
    """For people: times in UTC to the second; a move that ended is told once."""
    made = Table(box=box.SIMPLE_HEAD)
    for heading in ("row", "when (UTC)", "who", "model", "act", "version", "replaced", "why"):
        right = heading in {"row", "version", "replaced"}
        made.add_column(heading, justify="right" if right else "left", overflow="fold", no_wrap=heading == "act")
    ended = {row.decision.get("intent") for row in rows}
    for row in (one for one in rows if one.id not in ended):
        when = f"{row.happened_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        made.add_row(
            str(row.id), when, row.who, row.model, row.act, row.version or "none",
            row.replaced or "none", _short(row.reason),
        )  # fmt: skip
    return made


def _short(reason: str) -> str:
    return reason if len(reason) <= LONGEST else f"{reason[: LONGEST - 2].rstrip()} …"


if __name__ == "__main__":
    sys.exit(run(history))
