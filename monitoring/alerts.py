"""Sentences that call a person, and that a person reads: one for a population and a group of features."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from features import Feature
from monitoring.distance import NULLS
from monitoring.drift import Drift


def drift_alerts(moved: Mapping[str, Sequence[Drift]], features: Sequence[Feature]) -> list[str]:
    """What drifted, grouped by population and business reason; the farthest beyond its bound first.

    Args:
        moved: comparisons by population.
        features: the declarations, for reason and description.
    """
    known = {one.name: one for one in features}
    empty = [name for name, found in moved.items() if any(math.isinf(one.distance) for one in found)]
    sizes = Counter(one.reason for one in features)
    groups: dict[tuple[str, str], list[Drift]] = defaultdict(list)
    for population in moved.keys() - set(empty):
        for one in moved[population]:
            if one.verdict == "drift":
                groups[population, known[_name(one)].reason].append(one)
    ordered = sorted(groups.items(), key=lambda item: (-max(map(_excess, item[1])), item[0]))
    told = [_sentence(*key, found, sizes[key[1]], known) for key, found in ordered]
    return [*(f"{name}: nobody is there today to compare" for name in empty), *told]


def expected_sentence(found: Sequence[Drift]) -> str | None:
    """What moved as it usually does, in one sentence; None where nothing did."""
    names = list(dict.fromkeys(_name(one) for one in found if one.verdict == "expected"))
    if not names:
        return None
    many = f"{len(names)} features" if len(names) > 1 else "1 feature"
    return (
        f"{many} moved hardly more than on earlier mornings, or as the calendar does, such as {names[0]}: "
        "in ops.drift as expected."
    )


def _sentence(population: str, reason: str, found: Sequence[Drift], size: int, known: Mapping[str, Feature]) -> str:
    most, names = max(found, key=_excess), {_name(one) for one in found}
    what = known[_name(most)].description
    return (
        f"{population}, {reason}: {len(names)} of {size} features drifted, most of all {what} "
        f"({_name(most)}: {_far(most)})"
    )


def _far(one: Drift) -> str:
    nulls = one.feature.endswith(NULLS)
    far, usual = (f"{value:.0%}" if nulls else f"{value:.2f}" for value in (one.distance, one.usual))
    what = f"the share of rows without a value changed by {far}" if nulls else f"PSI {far}"
    return f"{what}, on earlier mornings at most {usual}" if one.usual > 0 else what


def _excess(one: Drift) -> float:
    """Distance in units of what is allowed."""
    return one.distance / max(one.threshold, one.usual)


def _name(one: Drift) -> str:
    return one.feature.removesuffix(NULLS)
