"""The ledger's rows as a table for the console."""

from collections.abc import Sequence
from datetime import UTC

from rich import box
from rich.table import Table

from registry.ledger.chain import Row

#: characters of a reason that are shown; the ledger holds all of it.
MAX_REASON = 160


def history_table(rows: Sequence[Row]) -> Table:
    """One line for each row, with times in UTC; the intent of a completed transition is left out."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("row", "when (UTC)", "who", "model", "act", "version", "replaced", "why"):
        right = heading in {"row", "version", "replaced"}
        table.add_column(heading, justify="right" if right else "left", overflow="fold", no_wrap=heading == "act")
    completed_intents = {row.decision.get("intent") for row in rows}
    for row in rows:
        if row.id in completed_intents:
            continue
        when = f"{row.happened_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        table.add_row(
            str(row.id), when, row.who, row.model, row.act, row.version or "none", row.replaced or "none",
            _shorten(row.reason),
        )  # fmt: skip
    return table


def _shorten(reason: str) -> str:
    return reason if len(reason) <= MAX_REASON else f"{reason[: MAX_REASON - 2].rstrip()} …"
