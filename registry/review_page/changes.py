"""What changed between two versions: data, code, features, parameters, packages."""

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
    count,
    dig,
    number,
    words,
)
from registry.review_page.contenders import called
from registry.versions.versions import Contenders, Version

#: names that are listed where there is little room.
FEW = 8
#: what else a training was told, beside the model's own parameters; what its run holds more are facts, told elsewhere.
CHOSEN = ("calibration_snapshots", "left_out", "search_trials", "seed")


def changed(contenders: Contenders) -> Section:
    """Family, data, code, features, parameters, packages: against production, or the challenger's alone."""
    challenger, production = contenders.challenger, contenders.production
    about = _about(challenger, production)
    if production is None:
        return _alone(challenger, about)
    now, before = (dig(one.evidence, "packages") for one in (challenger, production))
    params = _pairs("parameter", _params(challenger), _params(production))
    full, brief = (
        [*_features(challenger.features, production.features, most), *params, *_pairs("package", now, before)]
        for most in (None, FEW)
    )
    return Section("What changed", [about, *full], [about, *brief])


def _alone(version: Version, about: TableBlock) -> Section:
    named = [
        f"Features: {UNKNOWN if version.features is None else len(version.features)}.",
        f"Parameters: {_settings(_params(version))}.",
    ]
    packages = f"Packages: {_settings(dig(version.evidence, 'packages'))}."
    return Section("What it is made of", [about, Items([*named, packages])], [about, Items(named)])


def _about(challenger: Version, production: Version | None) -> TableBlock:
    told, before = _facts(challenger), _facts(production) if production else None
    if before is None:
        return TableBlock(["", called(challenger)], [[name, value] for name, value in told.items()])
    rows = [[name, value, "the same" if value == before[name] != UNKNOWN else before[name]]
            for name, value in told.items()]  # fmt: skip
    return TableBlock(["", called(challenger), called(production)], rows)


def _facts(version: Version) -> dict[str, str]:
    proof = version.evidence
    return {
        "family": words(dig(proof, "family")),
        "development": _window(proof, "development", "development_rows"),
        "judged on": _window(proof, "out_of_time", "out_of_time_rows"),
        "digests of both": ", ".join(words(dig(proof, "data", one))[:HASH] for one in ("digest", "out_of_time_digest")),
        "code": words(dig(proof, "code"))[:HASH],
        "commit": words(dig(proof, "commit"))[:HASH],
    }


def _window(proof: object, part: str, rows: str) -> str:
    days = dig(proof, "data", part)
    if not isinstance(days, list | tuple) or not days:
        return UNKNOWN
    span = f"{days[0]} to {days[-1]} ({len(days)})" if len(days) > 1 else str(days[0])
    known = number(dig(proof, "data", rows))
    return span if known is None else f"{span}, {count(known)} rows"


def _features(mine: Sequence[str] | None, its: Sequence[str] | None, most: int | None) -> list[Block]:
    if mine is None or its is None:
        return [Text("Which features changed is not known.")]
    now, before = set(mine), set(its)
    added, removed = [one for one in mine if one not in before], [one for one in its if one not in now]
    same = f"{len(now & before):,} features are in both"
    if not added and not removed:
        return [Text(f"{same}, none was added and none removed.")]
    told = [f"Added {len(added):,}: {_listed(added, most)}." if added else "Added none.",
            f"Removed {len(removed):,}: {_listed(removed, most)}." if removed else "Removed none."]  # fmt: skip
    return [Text(f"{same}."), Items(told)]


def _listed(names: Sequence[str], most: int | None) -> str:
    shown = list(names if most is None else names[:most])
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _pairs(what: str, now: object, before: object) -> list[Block]:
    """What was added, removed or got another value."""
    if not isinstance(now, Mapping) or not isinstance(before, Mapping):
        return [Text(f"Which {what}s changed is not known.")]
    keys = sorted({*now, *before}, key=str)
    values = [(str(key), _value(now, key), _value(before, key)) for key in keys]
    differ = [list(row) for row in values if row[1] != row[2]]
    same = len(keys) - len(differ)
    told = Text(f"{same} {what}{'' if same == 1 else 's'} with the same value; {len(differ) or 'none'} differ"
                f"{'s' if len(differ) == 1 else ''}.")  # fmt: skip
    return [told, TableBlock([what, "now", "before"], differ)] if differ else [told]


def _params(version: Version) -> Mapping[str, Any] | None:
    """The model's own parameters and what else was chosen, where they are those of a run; else as they are."""
    told = version.params
    try:
        own = json.loads(str(dig(told, "model_params")))
    except ValueError:
        return told
    return {**own, **{name: told[name] for name in CHOSEN if name in told}} if told and isinstance(own, dict) else told


def _value(told: Mapping[Any, Any], key: object) -> str:
    return str(told[key]) if key in told else "absent"


def _settings(told: object) -> str:
    if not isinstance(told, Mapping) or not told:
        return UNKNOWN if told is None else "none"
    return ", ".join(f"{name} {value}" for name, value in sorted(told.items(), key=str))
