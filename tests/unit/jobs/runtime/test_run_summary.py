"""The run summary's lines about the monitors."""

import io

from rich.console import Console

from jobs.runtime.run_summary import MAX_ALERTS, WIDTH, _monitoring
from monitoring import FeatureDrift, MonitoringResult


def printed_lines(result: MonitoringResult) -> list[str]:
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, highlight=False)
    _monitoring(console, result)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_alerts_beyond_the_limit_are_counted():
    alerts = tuple(f"alert {place}" for place in range(MAX_ALERTS + 2))
    drifts = [FeatureDrift("tenure", 0.1, 0.2), FeatureDrift("age", 0.1, 0.2)]
    lines = printed_lines(MonitoringResult({"paid": drifts}, [], {}, alerts))
    assert lines[0] == "Monitors: 2 features compared, 0 matured days measured, 12 alerts."
    assert lines[1:] == [*(f"  ALERT alert {place}" for place in range(10)),
                         "  … 2 more in alerts.txt of the MLflow run"]  # fmt: skip


def test_a_feature_within_its_normal_range_is_counted_and_is_no_alert():
    drifts = [FeatureDrift("tenure", 0.5, 0.2, 0, 0.6), FeatureDrift("age", 0.1, 0.2)]
    lines = printed_lines(MonitoringResult({"paid": drifts}, [], {}, ()))
    assert lines[0].startswith("Monitors: 2 features compared")
    assert lines[0].endswith("0 alerts.")
    assert " ".join(lines[1:]).startswith("  1 feature moved within the normal range")
    assert "ALERT" not in " ".join(lines)
