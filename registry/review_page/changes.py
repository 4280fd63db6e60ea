"""Differences between two versions: data, code, features, parameters, packages."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from registry.review_page.blocks import (
    HASH,
    UNKNOWN,
    Block,
    Items,
    Section,
    TableBlock,
    Text,
    finite_number,
    format_count,
    format_value,
    get_nested,
)
from registry.review_page.contenders import column_title
from registry.versions.versions import Contenders, Version

#: number of names in the short form of a list.
SHORT_LIST = 8
#: parameters of a training that are shown beside the model's own; all other parameters of its run are shown elsewhere.
TRAINING_PARAMETERS = ("calibration_snapshots", "left_out", "search_trials", "seed")


def changes_section(contenders: Contenders) -> Section:
    """Family, data, code, features, parameters and packages: differences from production, or of a first version all."""
    challenger, production = contenders.challenger, contenders.production
    facts = _facts_table(challenger, production)
    if production is None:
        return _first_version_section(challenger, facts)
    packages = [get_nested(version.evidence, "packages") for version in (challenger, production)]
    parameters = _value_changes("parameter", _parameters(challenger), _parameters(production))
    full, brief = (
        [
            *_feature_changes(challenger.features, production.features, limit),
            *parameters,
            *_value_changes("package", *packages),
        ]
        for limit in (None, SHORT_LIST)
    )
    return Section("What changed", [facts, *full], [facts, *brief])


def _first_version_section(version: Version, facts: TableBlock) -> Section:
    items = [
        f"Features: {UNKNOWN if version.features is None else len(version.features)}.",
        f"Parameters: {_list_values(_parameters(version))}.",
    ]
    packages = f"Packages: {_list_values(get_nested(version.evidence, 'packages'))}."
    return Section("Data, code and parameters", [facts, Items([*items, packages])], [facts, Items(items)])


def _facts_table(challenger: Version, production: Version | None) -> TableBlock:
    facts, before = _facts(challenger), _facts(production) if production else None
    if before is None:
        return TableBlock(["", column_title(challenger)], [[name, value] for name, value in facts.items()])
    rows = [
        [name, value, "the same" if value == before[name] != UNKNOWN else before[name]] for name, value in facts.items()
    ]
    return TableBlock(["", column_title(challenger), column_title(production)], rows)


def _facts(version: Version) -> dict[str, str]:
    evidence = version.evidence
    digests = [format_value(get_nested(evidence, "data", name))[:HASH] for name in ("digest", "out_of_time_digest")]
    return {
        "family": format_value(get_nested(evidence, "family")),
        "training rows": _dates(evidence, "development", "development_rows"),
        "evaluated rows": _dates(evidence, "out_of_time", "out_of_time_rows"),
        "digests of both": ", ".join(digests),
        "code": format_value(get_nested(evidence, "code"))[:HASH],
        "commit": format_value(get_nested(evidence, "commit"))[:HASH],
    }


def _dates(evidence: object, part: str, rows: str) -> str:
    days = get_nested(evidence, "data", part)
    if not isinstance(days, list | tuple) or not days:
        return UNKNOWN
    span = f"{days[0]} to {days[-1]} ({len(days)})" if len(days) > 1 else str(days[0])
    count = finite_number(get_nested(evidence, "data", rows))
    return span if count is None else f"{span}, {format_count(count)} rows"


def _feature_changes(
    challenger: Sequence[str] | None, production: Sequence[str] | None, limit: int | None
) -> list[Block]:  # fmt: skip
    if challenger is None or production is None:
        return [Text("Which features changed is not known.")]
    now, before = set(challenger), set(production)
    added = [name for name in challenger if name not in before]
    removed = [name for name in production if name not in now]
    common = f"{len(now & before):,} features are in both versions"
    if not added and not removed:
        return [Text(f"{common}; none was added or removed.")]
    items = [
        f"Added {len(added):,}: {_list_names(added, limit)}." if added else "Added none.",
        f"Removed {len(removed):,}: {_list_names(removed, limit)}." if removed else "Removed none.",
    ]
    return [Text(f"{common}."), Items(items)]


def _list_names(names: Sequence[str], limit: int | None) -> str:
    shown = list(names if limit is None else names[:limit])
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _value_changes(kind: str, now: object, before: object) -> list[Block]:
    """Entries that were added, removed or changed their value."""
    if not isinstance(now, Mapping) or not isinstance(before, Mapping):
        return [Text(f"Which {kind}s changed is not known.")]
    keys = sorted({*now, *before}, key=str)
    values = [(str(key), _value(now, key), _value(before, key)) for key in keys]
    different = [list(row) for row in values if row[1] != row[2]]
    same = len(keys) - len(different)
    text = Text(
        f"{same} {kind}{'' if same == 1 else 's'} with the same value; {len(different) or 'none'} "
        f"differ{'s' if len(different) == 1 else ''}."
    )
    return [text, TableBlock([kind, "now", "before"], different)] if different else [text]


def _parameters(version: Version) -> Mapping[str, Any] | None:
    """Parameters of the model and of its training; all parameters of the run if it has no `model_params`."""
    run_params = version.params
    try:
        model_params = json.loads(str(get_nested(run_params, "model_params")))
    except ValueError:
        return run_params
    if not run_params or not isinstance(model_params, dict):
        return run_params
    return {**model_params, **{name: run_params[name] for name in TRAINING_PARAMETERS if name in run_params}}


def _value(values: Mapping[Any, Any], key: object) -> str:
    return str(values[key]) if key in values else "absent"


def _list_values(values: object) -> str:
    if not isinstance(values, Mapping) or not values:
        return UNKNOWN if values is None else "none"
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items(), key=str))
