"""The table of the ledger's rows on the console."""

import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from rich.console import Console

from registry import Row
from registry.ledger.history_table import history_table


def row(number: int, act: str, **decision: Any) -> Row:
    at = datetime(2026, 1, 1, 23, number, tzinfo=UTC).astimezone(timezone(timedelta(hours=3)))
    return Row(number, at, "ann", "m", act, "2", "1", decision, "good " * 100, "")


def printed(*rows: Row) -> str:
    console = Console(file=io.StringIO(), width=140)
    console.print(history_table(rows))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_completed_transition_has_one_line_and_an_interrupted_one_too():
    text = printed(row(1, "intent"), row(2, "promote", intent=1), row(3, "intent"))
    assert [line.split()[0] for line in text.splitlines() if "ann" in line] == ["2", "3"]


def test_times_are_in_utc_and_long_reasons_are_shortened():
    text = printed(row(5, "refuse"))
    assert "2026-01-01 23:05:00" in text
    assert text.count("good") < 40
    assert "…" in text
