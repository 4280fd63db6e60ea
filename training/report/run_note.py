"""The note of a run: its five most important figures."""

from collections.abc import Mapping
from typing import Any

from stack.markdown import escape, figure
from training.data.validation import BY_ENTITY, validation, validation_name


def run_note(results: Mapping[str, Any], about: Mapping[str, Any], baselines: Mapping[str, Any]) -> str:
    """Markdown for `mlflow.note.content`.

    Args:
        results: the candidate's out-of-time figures.
        about: data and model of the training, as in the evidence.
        baselines: difference of its AUC from that of each baseline.
    """
    metrics, data = results["metrics"], about["data"]
    lines = {
        f"ROC-AUC, {validation_name(data)}": figure(metrics["auc"]),
        "Against baselines": _against(baselines),
        "Calibration": _calibration(metrics),
        "The riskiest 10%": _riskiest(metrics["recall_at_10pct"]),
        "Data": _describe_data(data),
    }
    return "".join(f"- **{name}**: {text}\n" for name, text in lines.items())


def point_differences(name: str, results: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """AUC of candidate `name` minus that of every other baseline, without an interval."""
    auc = {candidate["name"]: candidate["metrics"]["auc"]["value"] for candidate in results}
    others = [candidate["name"] for candidate in results if candidate["baseline"] and candidate["name"] != name]
    return {other: {"value": auc[name] - auc[other]} for other in others}


def _against(baselines: Mapping[str, Any]) -> str:
    differences = [f"{figure(gap, sign='+')} on {escape(name)}" for name, gap in baselines.items()]
    return "; ".join(differences) or "it is the only baseline"


def _calibration(metrics: Mapping[str, Any]) -> str:
    error, slope = figure(metrics["calibration_error"]), figure(metrics["calibration_slope"], 2)
    return f"error {error}; slope {slope} (1 is best, below 1 overconfident)"


def _riskiest(recall: Mapping[str, float]) -> str:
    times = recall["value"] / 0.10
    return f"recall {figure(recall, 3)}, {times:.1f} times that of a random tenth"


def _describe_data(data: Mapping[str, Any]) -> str:
    rows, left = f"{data['out_of_time_rows']:,} rows", f"{data['out_of_time_left']:,} left"
    trained = f"fitted on {data['development_rows']:,} rows"
    if validation(data) == BY_ENTITY:
        return f"{rows} of people held out, {left}; {trained} of others; validated {BY_ENTITY}"
    dates = ", ".join(data["out_of_time"])
    return f"{rows} of {escape(dates)}, {left}; {trained} up to {escape(data['development'][-1])}"
