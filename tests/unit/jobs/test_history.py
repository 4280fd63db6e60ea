"""The ledger as people read it."""

import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from rich.console import Console

from jobs.history import table
from registry import Row


def row(number: int, act: str, **decision: Any) -> Row:
    at = datetime(2026, 1, 1, 23, number, tzinfo=UTC).astimezone(timezone(timedelta(hours=3)))
    return Row(number, at, "ann", "m", act, "2", "1", decision, "good " * 100, "")


def printed(*rows: Row) -> str:
    console = Console(file=io.StringIO(), width=140)
    console.print(table(rows))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_move_that_ended_is_told_once_and_one_that_did_not_is_told():
    said = printed(row(1, "intent"), row(2, "promote", intent=1), row(3, "intent"))
    assert [line.split()[0] for line in said.splitlines() if "ann" in line] == ["2", "3"]


def test_times_are_in_utc_and_long_reasons_are_cut():
    said = printed(row(5, "refuse"))
    assert "2026-01-01 23:05:00" in said
    assert said.count("good") < 40
    assert "…" in said
