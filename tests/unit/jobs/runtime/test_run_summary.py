"""What the page says of the monitors."""

import io

from rich.console import Console

from jobs.monitor import Watched
from jobs.runtime.run_summary import ALERTS, WIDTH, _monitors
from monitoring import Drift


def said(watched: Watched) -> list[str]:
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, highlight=False)
    _monitors(console, watched)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_more_alerts_than_a_person_reads_are_counted():
    alerts = tuple(f"alert {place}" for place in range(ALERTS + 2))
    lines = said(Watched({"paid": [Drift("tenure", 0.1, 0.2), Drift("age", 0.1, 0.2)]}, [], {}, alerts))
    assert lines[0] == "Monitors: 2 features compared, 0 matured days measured, 12 alerts."
    assert lines[1:] == [*(f"  ALERT alert {place}" for place in range(10)),
                         "  … 2 more in alerts.txt of the MLflow run"]  # fmt: skip


def test_what_moves_anyway_is_counted_and_is_no_alert():
    lines = said(Watched({"paid": [Drift("tenure", 0.5, 0.2, 0, 0.6), Drift("age", 0.1, 0.2)]}, [], {}, ()))
    assert lines[0].startswith("Monitors: 2 features compared")
    assert lines[0].endswith("0 alerts.")
    assert " ".join(lines[1:]).startswith("  1 feature moved hardly more")
    assert "ALERT" not in " ".join(lines)
