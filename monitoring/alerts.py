"""Alerts: sentences about drift, quality and skew that need attention."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from features import Feature
from monitoring.distance import NULLS
from monitoring.drift import FeatureDrift
from monitoring.quality import ScoreQuality
from training import LeakageCheck


def drift_alerts(drifts: Mapping[str, Sequence[FeatureDrift]], features: Sequence[Feature]) -> list[str]:
    """One alert for each population and business reason with drifted features, the largest drift first.

    Args:
        drifts: comparisons by population.
        features: the declarations, for reason and description.
    """
    feature_by_name = {feature.name: feature for feature in features}
    empty = [name for name, compared in drifts.items() if any(math.isinf(drift.distance) for drift in compared)]
    sizes = Counter(feature.reason for feature in features)
    groups: dict[tuple[str, str], list[FeatureDrift]] = defaultdict(list)
    for population in drifts.keys() - set(empty):
        for drift in drifts[population]:
            if drift.verdict == "drift":
                groups[population, feature_by_name[_feature_name(drift)].reason].append(drift)
    ordered = sorted(groups.items(), key=lambda item: (-max(map(_excess, item[1])), item[0]))
    sentences = [_drift_sentence(*key, group, sizes[key[1]], feature_by_name) for key, group in ordered]
    return [*(f"{name}: no row to compare today" for name in empty), *sentences]


def normal_range_sentence(drifts: Sequence[FeatureDrift]) -> str | None:
    """One sentence about the features that moved within their normal range; None if there is none."""
    names = list(dict.fromkeys(_feature_name(drift) for drift in drifts if drift.verdict == "expected"))
    if not names:
        return None
    count = f"{len(names)} features" if len(names) > 1 else "1 feature"
    return (
        f"{count} moved within the normal range or with the calendar, such as {names[0]}: ops.drift has the verdict "
        "expected."
    )


def quality_alerts(qualities: Sequence[ScoreQuality], lowest_auc: float) -> list[str]:
    """One alert for each day and population whose AUC, with 95% confidence, was below the bound of the policy."""
    return [
        f"{_auc_text(quality)} is below {lowest_auc:.2f}, the bound of the project's policy"
        for quality in qualities
        if not quality.auc_high >= lowest_auc
    ]


def promise_alerts(
    qualities: Sequence[ScoreQuality], promised: Mapping[tuple[str, str], Mapping[str, float]]
) -> list[str]:
    """One alert for each day whose AUC is surely below that of the version's evidence: their 95% intervals are apart.

    Args:
        qualities: of matured days.
        promised: `value`, `low` and `high` of the out-of-time AUC, by model and version.
    """
    return [
        f"{_auc_text(quality)} is below that of its evidence, {evidence['value']:.3f} ({evidence['low']:.3f} to "
        f"{evidence['high']:.3f})"
        for quality in qualities
        if (evidence := promised.get((quality.model_name, quality.model_version))) is not None
        and quality.auc_high < evidence["low"]
    ]


def skew_alerts(comparisons: Mapping[date, LeakageCheck]) -> list[str]:
    """One alert for each day whose logged features differ from a backfill."""
    return [
        f"features logged on {day} differ from a backfill: {finding.sentence}"
        for day, finding in comparisons.items()
        if not finding.passed
    ]


def _auc_text(quality: ScoreQuality) -> str:
    return (
        f"{quality.population} scored on {quality.score_date} by {quality.model_name} version {quality.model_version}: "
        f"ROC-AUC {quality.auc:.3f} (95% {quality.auc_low:.3f} to {quality.auc_high:.3f})"
    )


def _drift_sentence(
    population: str, reason: str, group: Sequence[FeatureDrift], size: int, feature_by_name: Mapping[str, Feature]
) -> str:
    largest, names = max(group, key=_excess), {_feature_name(drift) for drift in group}
    return (
        f"{population}, {reason}: {len(names)} of {size} features drifted, most of all "
        f"{feature_by_name[_feature_name(largest)].description} ({_feature_name(largest)}: {_distance_text(largest)})"
    )


def _distance_text(drift: FeatureDrift) -> str:
    is_nulls = drift.feature.endswith(NULLS)
    distance, normal = (
        f"{value:.0%}" if is_nulls else f"{value:.2f}" for value in (drift.distance, drift.normal_range)
    )
    text = f"the share of rows without a value changed by {distance}" if is_nulls else f"PSI {distance}"
    return f"{text}, on earlier dates at most {normal}" if drift.normal_range > 0 else text


def _excess(drift: FeatureDrift) -> float:
    """Distance divided by the largest allowed distance."""
    return drift.distance / max(drift.threshold, drift.normal_range)


def _feature_name(drift: FeatureDrift) -> str:
    return drift.feature.removesuffix(NULLS)
