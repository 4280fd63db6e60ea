"""Model card: purpose, data, figures, limits, reasons and provenance of a version (Mitchell, 2019)."""

from collections.abc import Iterator, Mapping
from typing import Any

from stack.markdown import MAX_DESCRIPTION, escape, figure, shorten, table
from training.data.validation import (
    BY_ENTITY,
    OUT_OF_TIME,
    validation,
    validation_name,
)

REST = "The rest is in `model_card.md` of the version's run.\n"

FIGURES = {
    "auc": ("ROC-AUC", 4),
    "average_precision": ("average precision", 4),
    "log_loss": ("log-loss", 4),
    "brier": ("Brier score", 4),
    "calibration_error": ("expected calibration error", 4),
    "calibration_gap": ("predicted minus observed", 4),
    "calibration_slope": ("calibration slope", 2),
    "recall_at_1pct": ("recall in the riskiest 1%", 3),
    "recall_at_5pct": ("recall in the riskiest 5%", 3),
    "recall_at_10pct": ("recall in the riskiest 10%", 3),
    "recall_at_20pct": ("recall in the riskiest 20%", 3),
    "lift_at_10pct": ("lift of the riskiest 10%", 2),
}


def model_card(evidence: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    """Markdown of the evidence.

    Args:
        evidence: the evidence file's content, with `reasons` and `reasons_stability`.
        params: parameters of the model's family.
    """
    sections = (_purpose, _data, _refit, _figures, _how_they_left, _slices, _limits, _reasons)
    present = [lines for section in sections if (lines := list(section(evidence)))]
    lines = [line for lines in present for line in (*lines, "")]
    return "\n".join([f"# Model card: {escape(evidence['model'])}", "", *lines, *_provenance(evidence, params)]) + "\n"


def description(card: str) -> str:
    """The card, shortened by whole sections to the registry's limit."""
    return shorten(card, MAX_DESCRIPTION, REST)


def _purpose(evidence: Mapping[str, Any]) -> Iterator[str]:
    label = evidence["label"]
    reach = label["horizon_days"] + label["grace_days"]
    yield (
        f"The probability of leaving, for {escape(evidence['who'])} (project {escape(evidence['project'])}), so that "
        "people at risk can be contacted."
    )
    yield ""
    yield f"To leave means: {escape(label['description'].replace('`', ''))}; it is known after {reach} days."


def _data(evidence: Mapping[str, Any]) -> Iterator[str]:
    data = evidence["data"]
    dated = validation(data) == OUT_OF_TIME
    yield "## Data"
    yield ""
    yield from table(
        ["", "snapshots" if dated else "parts", "rows", "digest"],
        [
            ["development", _dates(data["development"]), f"{data['development_rows']:,}", f"`{data['digest'][:16]}`"],
            [
                validation_name(data),
                _dates(data["out_of_time"]),
                f"{data['out_of_time_rows']:,}",
                f"`{data['out_of_time_digest'][:16]}`",
            ],
        ],
    )
    yield ""
    apart = f"{data['embargo_days']} days of embargo before the first test date" if dated else f"validated {BY_ENTITY}"
    rows_name = validation_name(data).replace(" ", "-")
    yield (
        f"Calibrated on {_dates(data['calibration'])}; {apart}. "
        f"{data['out_of_time_left']:,} of {data['out_of_time_rows']:,} {rows_name} rows left."
    )
    if data.get("point_in_time"):
        yield ""
        yield escape(data["point_in_time"])


def _refit(evidence: Mapping[str, Any]) -> Iterator[str]:
    """The registered model, where it is the judged procedure fitted again."""
    refit = evidence.get("refit")
    if refit is None:
        return
    agreement = refit["agreement"]
    yield "## Judged and registered"
    yield ""
    yield refit["sentence"]
    yield ""
    yield from table(
        ["registered model against the judged one", ""],
        [
            ["matured snapshots", _dates(refit["dates"])],
            ["rows", f"{refit['rows']:,}"],
            [f"rank correlation on {agreement['as_of']}", f"{agreement['rank_correlation']:.3f}"],
            [
                "mean probability, judged and registered",
                f"{agreement['judged_mean']:.4f}, {agreement['refit_mean']:.4f}",
            ],
            ["predicted minus observed, latest matured snapshots", f"{refit['calibration_gap']:+.4f}"],
        ],
    )


def _figures(evidence: Mapping[str, Any]) -> Iterator[str]:
    yield f"## Figures, {validation_name(evidence['data'])}"
    yield ""
    columns = [evidence["metrics"], evidence.get("metrics_undecided")]
    heads = ["", "value (95% interval)", "who had auto-renew on"]
    present = [item for item in columns if item]
    rows = [[label, *(figure(item[name], digits) if name in item else "" for item in present)]
            for name, (label, digits) in FIGURES.items() if name in evidence["metrics"]]  # fmt: skip
    yield from table(heads[: 1 + len(present)], rows)
    yield ""
    for name, gap in evidence["baselines"].items():
        yield f"- against {escape(name)}: {figure(gap, sign='+')} of ROC-AUC, {_verdict(gap)}"


def _verdict(gap: Mapping[str, float]) -> str:
    if gap["low"] > 0:
        return "better (95% confidence)"
    return "worse (95% confidence)" if gap["high"] < 0 else "no significant difference"


def _how_they_left(evidence: Mapping[str, Any]) -> Iterator[str]:
    """Numbers of voluntary and involuntary churn, with a contract."""
    data = evidence["data"]
    if data.get("left_voluntary") is not None:
        yield (
            f"Of those who left, {data['left_voluntary']:,} did so by choice and {data['left_involuntary']:,} because "
            "a payment failed."
        )


def _slices(evidence: Mapping[str, Any]) -> Iterator[str]:
    """Figures of the model by month and by slice, as far as the evidence contains them."""
    kind = "date" if validation(evidence["data"]) == OUT_OF_TIME else "part"
    months = [(kind, item["as_of"], item, item.get("metrics", {})) for item in evidence.get("months", [])]
    parts = [(item["slice"], item["range"], item, item) for item in evidence.get("slices", [])]
    if not months and not parts:
        return
    yield "## Slices"
    yield ""
    yield from table(
        ["slice", "rows", "left", "ROC-AUC", "predicted minus observed"],
        [_slice(name, part, about, present) for name, part, about, present in (*months, *parts)],
    )


def _slice(name: str, part: str, about: Mapping[str, Any], present: Mapping[str, Any]) -> list[str]:
    counts = [f"{about['rows']:,}", f"{about['left']:,}"]
    figures = [figure(present[key], 3) if key in present else "too few" for key in ("auc", "calibration_gap")]
    return [f"{escape(name)}: {escape(part)}", *counts, *figures]


def _limits(evidence: Mapping[str, Any]) -> Iterator[str]:
    data = evidence["data"]
    yield "## Limits"
    yield ""
    yield from _time_limits(data)
    if data.get("already_left_share"):
        yield (
            f"- {data['already_left_share']:.1%} of the rows had auto-renewal off, which makes any model look better; "
            "the last column is without them."
        )
    yield from (
        f"- Leakage check {escape(item['check'])} failed: {escape(item['sentence'])}"
        for item in _failed_checks(evidence)
    )
    yield "- Reasons are the features that the model uses, not causes. Only an experiment shows what keeps a customer."


def _time_limits(data: Mapping[str, Any]) -> Iterator[str]:
    """Limits of the dates of the evaluation."""
    if validation(data) == BY_ENTITY:
        yield f"- Validated {BY_ENTITY}: tested on other people of the same day. The quality on later dates is unknown."
        return
    months = len(data["development"])
    yield f"- Tested on {len(data['out_of_time'])} dates. The quality in another season is unknown."
    if months < 13:
        yield f"- Fitted on {months} snapshots, less than 13 months: it cannot learn seasons."


def _failed_checks(evidence: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Leakage checks that failed."""
    return [item for item in evidence.get("leaks", []) if not item["passed"]]


def _reasons(evidence: Mapping[str, Any]) -> Iterator[str]:
    yield "## Reasons"
    yield ""
    yield from table(
        ["reason", "share of the contributions", "first reason of"],
        [[escape(item["reason"]), f"{item['share']:.1%}", f"{item['first']:.1%}"] for item in evidence["reasons"]],
    )
    yield ""
    stability = evidence["reasons_stability"]
    yield (
        f"When fitted again {escape(stability['changed'])}, {stability['top_same']:.1%} of {stability['rows']:,} rows "
        f"keep their first reason; the rank correlation of reasons is {stability['rank_correlation']:.3f} (Spearman). "
        "Log-odds before calibration are a base plus the sum of all reasons."
    )


def _provenance(evidence: Mapping[str, Any], params: Mapping[str, Any]) -> list[str]:
    settings = ", ".join(f"{name} {value}" for name, value in sorted(params.items())) or "none"
    packages = ", ".join(f"{name} {number}" for name, number in sorted(evidence["packages"].items()))
    return [
        "## Provenance",
        "",
        f"- family {escape(evidence['family'])}; parameters: {escape(settings)}",
        f"- code `{evidence['code']}`, commit {escape((evidence.get('commit') or 'not in a checkout')[:12])}",
        f"- {escape(packages)}",
    ]


def _dates(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]} ({len(days)})"
