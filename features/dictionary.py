"""The data dictionary of a project, written from its declarations."""

from collections.abc import Mapping, Sequence

from features.feature import Feature
from features.snapshots import SnapshotSpec


def dictionary_page(spec: SnapshotSpec, description: str, figures: Mapping[str, Mapping[str, str]]) -> str:
    """Markdown: sources, populations, label and features.

    Args:
        spec: the declarations.
        description: what the project predicts, one sentence.
        figures: feature name -> column heading -> text, measured on the data.
    """
    label = spec.label
    lines = [
        f"# Data dictionary: {spec.project}", "", description, "",
        "Written by `make docs` from the declarations; the figures come from the snapshots of the training dates.", "",
        "## Sources", "",
        *_sources(spec),
        "## Who, and what is predicted", "",
        "| population | model | who | condition at `as_of` |", "|---|---|---|---|",
        *[f"| {p.name} | `{p.model}` | {p.description} | `{p.where}` |" for p in spec.populations], "",
        f"`label` is 1 if the {spec.entity} has no row in `{label.source}` in [as_of, as_of + {label.horizon_days} days"
        f"{f' + {label.grace_days} days of grace' if label.grace_days else ''}), else 0; "
        "null until those days have passed.", "",
        "## Features", "",
        *_features(spec.features, figures),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _sources(spec: SnapshotSpec) -> list[str]:
    lines: list[str] = []
    for source in spec.sources:
        key = ", ".join(source.key) if source.key else "none: equal rows are separate events"
        lines += [f"### {source.name}", "", f"Files `{source.files}`; event time `{source.event_time}`; known time "
                  f"`{source.known_time or source.event_time}`; key: {key}; "
                  f"stops above {source.max_quarantined:.1%} unusable rows.", "",
                  "| column | type | empty allowed | lowest | meaning |", "|---|---|---|---|---|"]  # fmt: skip
        for column in source.columns:
            lowest = "" if column.lowest is None else f"{column.lowest:g}"
            lines.append(
                f"| {column.name} | {column.type} | {'yes' if column.nullable else 'no'} | {lowest} "
                f"| {column.description} |"
            )
        lines.append("")
    return lines


def _features(features: Sequence[Feature], figures: Mapping[str, Mapping[str, str]]) -> list[str]:
    headings = list(next(iter(figures.values()), {}))
    head = ["feature", "meaning", "unit", "null means", "reason group", *headings]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for feature in features:
        measured = [figures.get(feature.name, {}).get(heading, "") for heading in headings]
        cells = [
            f"`{feature.name}`",
            feature.description,
            feature.unit,
            feature.null,
            feature.reason,
            *measured,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines
