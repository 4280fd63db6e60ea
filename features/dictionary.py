"""The data dictionary of a project, written from its declarations."""

from collections.abc import Mapping, Sequence

from features.declare.contract import Contract
from features.declare.feature import Feature
from features.declare.label import Label
from features.declare.precomputed_table import OWNER_STATEMENT
from features.declare.snapshot_spec import SnapshotSpec
from lake.source import UNDATED


def dictionary_page(
    spec: SnapshotSpec, description: str, figures: Mapping[str, Mapping[str, str]], measured: Sequence[str] = ()
) -> str:
    """Markdown: sources, populations, label and features.

    Args:
        spec: the declarations.
        description: what the project predicts, one sentence.
        figures: feature name -> column heading -> text, measured on the data.
        measured: sentences on what the figures were measured on and how to read them, one paragraph each.
    """
    lines = [
        f"# Data dictionary: {spec.project}", "", description, "",
        f"Written by `make docs PROJECT={spec.project}` from the declarations.", "",
        "## Sources", "",
        *_sources(spec),
        *_owner(spec),
        "## Populations and labels", "",
        *(_contract(spec.contract) if spec.contract else []),
        "| population | model | description | condition at `as_of` |", "|---|---|---|---|",
        *[f"| {p.name} | `{p.model}` | {p.description} | `{p.where}` |" for p in spec.populations], "",
        *[_label(p.name, p.label, spec.entity) for p in spec.populations],
        f"## Features: {len(spec.features)}", "",
        *[text for paragraph in measured for text in (paragraph, "")],
        *_features(spec.features, figures),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _sources(spec: SnapshotSpec) -> list[str]:
    lines: list[str] = []
    for source in spec.sources:
        key = ", ".join(source.key) if source.key else "none: equal rows are separate events"
        times = f"event time `{source.event_time}`; known time `{source.known_sql}`"
        if source.event_time == UNDATED:
            times = "without dates: a row holds for every date"
        lines += [f"### {source.name}", "", f"Files `{source.files}`; {times}; key: {key}; "
                  f"stops above {source.max_quarantined:.1%} invalid rows.", "",
                  "| column | type | empty allowed | lowest | meaning |", "|---|---|---|---|---|"]  # fmt: skip
        for column in (column for column in source.columns if column.name != UNDATED):
            lowest = "" if column.lowest is None else f"{column.lowest:g}"
            lines.append(
                f"| {column.name} | {column.type} | {'yes' if column.nullable else 'no'} | {lowest} "
                f"| {column.description}{' (personal)' if column.personal else ''} |"
            )
        lines += [f"| {name} | measure |  |  | `{sql}` |" for name, sql in source.all_measures]
        lines.append("")
    return lines


def _owner(spec: SnapshotSpec) -> list[str]:
    if spec.table is None:
        return []
    day = "" if spec.dated else " Its rows have no dates, so models are validated by entity, not out of time."
    return [f"{OWNER_STATEMENT}{day}", ""]


def _contract(contract: Contract) -> list[str]:
    return [
        "Contract states, from rows that had happened and were known before `as_of`: `paid` while a row of "
        f"`{contract.payments}` with `{contract.succeeded}` covers it; else `trial` while a row of "
        f"`{contract.trials}` with `{contract.trial_started}` covers it and nothing was paid since; else `grace` for "
        f"{contract.grace_days} days after paid access ended with auto-renewal on; else `lapsed`. "
        "`already_left` is true if auto-renewal is off.", "",
    ]  # fmt: skip


def _label(population: str, label: Label, entity: str) -> str:
    return (
        f"`label` of {population} is 1 if the {entity} has {label.description}, else 0; "
        f"null until {label.reach.days} days have passed.\n"
    )


def _features(features: Sequence[Feature], figures: Mapping[str, Mapping[str, str]]) -> list[str]:
    headings = list(next(iter(figures.values()), {}))
    head = ["feature", "meaning", "unit", "null means", "reason", *headings]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for feature in features:
        measured = [figures.get(feature.name, {}).get(heading, "") for heading in headings]
        cells = [
            f"`{feature.name}`",
            feature.description,
            feature.unit,
            feature.null,
            f"{feature.reason}{' (private: its value is not shown)' if feature.private else ''}",
            *measured,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines
