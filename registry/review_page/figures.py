"""Metrics: on the same rows, by the evidence of each version, in slices, and the shift of scores."""

from collections.abc import Mapping, Sequence
from typing import Any

from registry.gate.measurements import Measurements
from registry.review_page.blocks import (
    UNKNOWN,
    Block,
    Items,
    Picture,
    Section,
    TableBlock,
    Text,
    format_count,
    format_estimate,
    get_nested,
    mappings_at,
)
from registry.review_page.contenders import column_title, versions_of
from registry.versions.versions import Contenders

#: name in the evidence -> name on the page, and number of digits.
METRICS = {
    "auc": ("ROC-AUC", 4),
    "average_precision": ("average precision", 4),
    "log_loss": ("log-loss", 4),
    "calibration_error": ("calibration error", 4),
    "calibration_slope": ("calibration slope", 2),
    "recall_at_10pct": ("recall in the riskiest 10%", 3),
    "lift_at_10pct": ("lift in the riskiest 10%", 2),
}


def comparison_section(
    contenders: Contenders, measurements: Measurements | None, pictures: Sequence[Picture]
) -> Section:  # fmt: skip
    """Metrics of the challenger beside those of production."""
    title = "Metrics" if contenders.production is None else "Comparison with production"
    same_rows = _same_rows(contenders, measurements)
    return Section(title, [*same_rows, *_evidence_metrics(contenders), *pictures], None)


def _same_rows(contenders: Contenders, measurements: Measurements | None) -> list[Block]:
    if measurements is None:
        return [Text("This promotion has no measurements, or they are invalid.")]
    rows = measurements.rows
    text = Text(
        f"Scored now on {rows.rows:,} matured rows ({_dates(rows.dates)}); in {rows.left:,} the customer left. "
        "Intervals are 95%, over people."
    )
    head, comparison = ["on these rows", "ROC-AUC"], measurements.comparison
    challenger = [column_title(contenders.challenger), format_estimate(measurements.auc.model_dump())]
    if comparison is None:
        return [text, TableBlock(head, [challenger])]
    others = [
        [f"version {comparison.version}", format_estimate(comparison.auc.model_dump())],
        ["difference, by bootstrap", format_estimate(comparison.bootstrap.model_dump(), sign="+")],
        ["difference, by DeLong", format_estimate(comparison.delong.model_dump(), sign="+")],
    ]
    return [text, TableBlock(head, [challenger, *others])]


def _evidence_metrics(contenders: Contenders) -> list[Block]:
    versions = versions_of(contenders)
    rows = [
        [title, *(format_estimate(get_nested(version.evidence, "metrics", name), digits) for version in versions)]
        for name, (title, digits) in METRICS.items()
    ]
    heads = ["by the evidence", *(column_title(version) for version in versions)]
    return [Text(_describe_rows(contenders)), TableBlock(heads, rows)]


def _describe_rows(contenders: Contenders) -> str:
    """Whether the metrics of the two trainings are of the same rows."""
    if contenders.production is None:
        return "Metrics of the training, on rows that were not used for training:"
    digests = {
        str(get_nested(version.evidence, "data", "out_of_time_digest")) for version in versions_of(contenders)
    }  # fmt: skip
    if len(digests) == 1 and digests != {"None"}:
        return "Metrics of each version's training, both on the same rows:"
    return "Metrics of each version's training, on different rows: compare by the difference above, not by this table."


def slice_section(contenders: Contenders, measurements: Measurements | None) -> Section | None:
    """Metrics of the challenger in each slice, and the difference from production."""
    evidence = {_slice_key(part): part for part in mappings_at(contenders.challenger.evidence, "slices")}
    comparison = measurements.comparison if measurements else None
    differences = {(part.slice, part.range): part for part in comparison.slices} if comparison else {}
    if not evidence and not differences:
        return None
    heads = ["slice", "rows", "left", "ROC-AUC", "predicted minus observed"]
    rows = []
    for key in dict.fromkeys([*evidence, *differences]):
        part, difference = evidence.get(key, {}), differences.get(key)
        counts = part or ({} if difference is None else difference.model_dump())
        row = [f"{key[0]}: {key[1]}", format_count(counts.get("rows")), format_count(counts.get("left")),
               *(_slice_metric(part, name) for name in ("auc", "calibration_gap"))]  # fmt: skip
        if differences:
            estimate = difference.difference if difference else None
            row.append("too few" if estimate is None else format_estimate(estimate.model_dump(), 3, "+"))
        rows.append(row)
    return Section("Slices", [TableBlock([*heads, "ROC-AUC minus production's"] if differences else heads, rows)])


def score_shift_section(
    contenders: Contenders, measurements: Measurements | None, pictures: Sequence[Picture]
) -> Section | None:
    """Rows that enter and leave the riskiest tenth, and the rank correlation."""
    if contenders.production is None:
        return None
    shift = measurements.score_shift if measurements else None
    if shift is None:
        return Section("Score shift", [Text("The score shift was not measured."), *pictures])
    top = max(shift.top, 1)
    items = [
        f"Of the {shift.top:,} rows in the riskiest tenth, {shift.entered:,} enter ({shift.entered / top:.1%}) and "
        f"{shift.withdrawn:,} leave it.",
        f"The rank correlation of all rows is {shift.rank_correlation:.3f} (Spearman; 1 is the same order).",
    ]
    return Section("Score shift", [Items(items), *pictures], [Items(items)])


def _slice_key(part: Mapping[str, Any]) -> tuple[str, str]:
    return str(part.get("slice", "")), str(part.get("range", ""))


def _slice_metric(part: Mapping[str, Any], name: str) -> str:
    if not part:
        return UNKNOWN
    return format_estimate(part[name], 3) if name in part else "too few"


def _dates(days: Sequence[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}, {len(days)} dates"
