"""The note on a run: the five figures that matter, in the words of a person who has a minute."""

from collections.abc import Mapping
from typing import Any

from stack.markdown import escape, figure
from training.data.validation import BY_ENTITY, validation
from training.data.validation import judged as judged_as


def run_note(judged: Mapping[str, Any], about: Mapping[str, Any], baselines: Mapping[str, Any]) -> str:
    """Markdown for `mlflow.note.content`.

    Args:
        judged: the candidate's out-of-time metrics.
        about: what was trained on what; `evidence` has it.
        baselines: how its AUC differs from that of each baseline.
    """
    metrics, data = judged["metrics"], about["data"]
    lines = {
        f"ROC-AUC, {judged_as(data)}": figure(metrics["auc"]),
        "Against baselines": _against(baselines),
        "Calibration": _calibration(metrics),
        "The riskiest 10%": _riskiest(metrics["recall_at_10pct"]),
        "On what": _on_what(data),
    }
    return "".join(f"- **{name}**: {text}\n" for name, text in lines.items())


def point_differences(name: str, judged: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """AUC of candidate `name` minus that of every other baseline, without an interval."""
    auc = {candidate["name"]: candidate["metrics"]["auc"]["value"] for candidate in judged}
    others = [candidate["name"] for candidate in judged if candidate["baseline"] and candidate["name"] != name]
    return {other: {"value": auc[name] - auc[other]} for other in others}


def _against(baselines: Mapping[str, Any]) -> str:
    differences = [f"{figure(gap, sign='+')} on {escape(name)}" for name, gap in baselines.items()]
    return "; ".join(differences) or "it is the only baseline"


def _calibration(metrics: Mapping[str, Any]) -> str:
    error, slope = figure(metrics["calibration_error"]), figure(metrics["calibration_slope"], 2)
    return f"off by {error} on average; slope {slope}, where 1 is neither too bold nor too timid"


def _riskiest(recall: Mapping[str, float]) -> str:
    times = recall["value"] / 0.10
    return f"hold {figure(recall, 3)} of those who left, {times:.1f} times as many as a tenth at random"


def _on_what(data: Mapping[str, Any]) -> str:
    rows, left = f"{data['out_of_time_rows']:,} rows", f"{data['out_of_time_left']:,} left"
    trained = f"made from {data['development_rows']:,} rows"
    if validation(data) == BY_ENTITY:
        return f"{rows} of people held out, {left}; {trained} of others; validated {BY_ENTITY}"
    dates = ", ".join(data["out_of_time"])
    return f"{rows} of {escape(dates)}, {left}; {trained} up to {escape(data['development'][-1])}"
