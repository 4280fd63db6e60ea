"""Sections about a response model: its result, gains, effects by action, learners, and rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from registry.review_page.blocks import (
    HASH,
    UNKNOWN,
    Block,
    Cell,
    Items,
    Picture,
    Section,
    TableBlock,
    Text,
    finite_number,
    format_count,
    format_estimate,
    format_value,
    get_nested,
    mappings_at,
)
from registry.review_page.contenders import column_title, versions_of
from registry.versions.versions import Contenders, Version

#: name of a picture -> caption.
CAPTIONS = {
    "qini": "People kept by budget on the judged campaigns, against one effect for everybody.",
    "effect_by_decile": "Predicted and measured effect of the best action in tenths of the judged rows.",
    "average_effects": "Average effect of each action on all rows; the intervals hold for all actions at once.",
    "learners": "Gain of each learner over one effect for everybody.",
}
#: entry of the evidence -> its name on the page; all are shares of people, shown in points.
GAINS = {
    "area": "people kept, averaged over all budgets",
    "over_constant": "more than one effect for everybody",
    "all": "people kept without a limit of the budget",
}


def is_response_model(contenders: Contenders) -> bool:
    """Whether the challenger predicts effects of actions."""
    return bool(get_nested(contenders.challenger.evidence, "kind") == "uplift")


def response_sections(
    contenders: Contenders, measured: Mapping[str, Any] | None, pictures: Sequence[Picture]
) -> list[Section]:  # fmt: skip
    """Result and gains, effects by action, learners, and rows."""
    evidence = contenders.challenger.evidence
    return [
        Section("Gain", [*_gain_blocks(contenders, measured), *pictures]),
        _effects_section(evidence),
        _learners_section(evidence),
        _rows_section(contenders),
    ]


def format_points(raw: object) -> str:
    """A share with its interval, in points, or `UNKNOWN`."""
    numbers = {name: finite_number(get_nested(raw, name)) for name in ("value", "low", "high")}
    scaled = {name: None if number is None else 100 * number for name, number in numbers.items()}
    return format_estimate(scaled, 2, "+")


def _gain_blocks(contenders: Contenders, measured: Mapping[str, Any] | None) -> list[Block]:
    versions = versions_of(contenders)
    sentence = Text(format_value(get_nested(contenders.challenger.evidence, "sentence")))
    rows: list[list[Cell]] = [
        [title, *(format_points(get_nested(version.evidence, "gain", name)) for version in versions)]
        for name, title in GAINS.items()
    ]
    blocks: list[Block] = [
        sentence,
        TableBlock(["points of all people, by the evidence", *(column_title(version) for version in versions)], rows),
    ]
    if contenders.production is not None:
        difference = format_points(get_nested(measured, "versus", "difference"))
        blocks.append(Text(f"On the same judged rows, challenger minus production: {difference} points."))
    slope = get_nested(contenders.challenger.evidence, "calibration", "slope")
    gap = format_points(get_nested(contenders.challenger.evidence, "calibration", "gap"))
    items = [f"Predicted minus measured effect: {gap} points."]
    if slope is not None:
        items.append(f"Slope of measured on predicted effects: {format_estimate(slope, 2)}; 1 is best.")
    return [*blocks, Items(items)]


def _effects_section(evidence: object) -> Section:
    effects = get_nested(evidence, "average_effects")
    if not isinstance(effects, Mapping) or not effects:
        return Section("Average effects", [Text(f"The average effects are {UNKNOWN}.")])
    rows: list[list[Cell]] = [
        [str(name), format_count(get_nested(evidence, "data", "rows_by_arm", name)), format_points(effect)]
        for name, effect in effects.items()
    ]
    return Section("Average effects", [TableBlock(["action", "judged rows", "people kept, points"], rows)])


def _learners_section(evidence: object) -> Section:
    rows: list[list[Cell]] = [
        [format_value(item.get("name")), *(format_points(item.get(part)) for part in ("development", "judged"))]
        for item in mappings_at(evidence, "candidates")
    ]
    heads = ["gain over one effect for everybody", "earlier campaigns", "judged campaigns"]
    return Section("Learners", [TableBlock(heads, rows) if rows else Text(f"The learners are {UNKNOWN}.")])


def _rows_section(contenders: Contenders) -> Section:
    versions = versions_of(contenders)
    facts = [_facts(version) for version in versions]
    rows: list[list[Cell]] = [[name, *(fact[name] for fact in facts)] for name in facts[0]]
    return Section("Data and code", [TableBlock(["", *(column_title(version) for version in versions)], rows)])


def _facts(version: Version) -> dict[str, str]:
    data = get_nested(version.evidence, "data")
    return {
        "learner": format_value(get_nested(version.evidence, "learner")),
        "campaigns of the fit": _list(get_nested(data, "development")),
        "judged campaigns": _list(get_nested(data, "judged")),
        "rows of the fit": format_count(get_nested(data, "development_rows")),
        "judged rows": format_count(get_nested(data, "judged_rows")),
        "digest of the judged rows": format_value(get_nested(data, "judged_digest"))[:HASH],
        "code": format_value(get_nested(version.evidence, "code"))[:HASH],
    }


def _list(names: object) -> str:
    if not isinstance(names, list | tuple) or not names:
        return UNKNOWN
    return ", ".join(map(str, names)) if len(names) <= 3 else f"{names[0]} to {names[-1]} ({len(names)})"
