"""What is wrong with a project's features as a whole, told with the feature's name when they are declared."""

from collections.abc import Mapping, Sequence

from features.declare.contract import Contract
from features.declare.feature import (
    BUILT_IN,
    OF_ANY_TYPE,
    TABLE,
    Feature,
)
from lake import Source
from lake.declarations import DeclarationError
from lake.source import TIMES


def check(features: Sequence[Feature], sources: Sequence[Source], contract: Contract | None = None) -> None:
    """See that the declarations agree with the sources and with one another.

    Raises:
        DeclarationError: an unknown source or column, a measure of the wrong type, a window that the source does not
            reach back, one name twice, one word for two conditions, or one number in two units.
    """
    by_name = {source.name: source for source in sources}
    taken = sorted(set(by_name) & set(BUILT_IN))
    if taken:
        raise DeclarationError(f"No source may be called {taken[0]}: the word is taken, choose another.")
    for feature in features:
        if feature.source in BUILT_IN:
            _check_built_in(feature, contract)
        elif feature.source not in by_name:
            raise DeclarationError(
                f"Feature {feature.name}: no source {feature.source}; there are {', '.join(by_name)}."
            )
        else:
            _check_measure(feature, by_name[feature.source])
            _check_reach(feature, by_name[feature.source])
        if feature.ahead is not None:
            _check_ahead(feature, by_name)
    _check_one_another(features)


def _check_one_another(features: Sequence[Feature]) -> None:
    seen: set[str] = set()
    words: dict[tuple[str, str], str] = {}
    units: dict[tuple[object, ...], str] = {}
    for feature in features:
        if feature.name in seen:
            raise DeclarationError(f"Feature {feature.name} is declared twice.")
        seen.add(feature.name)
        if feature.what and words.setdefault((feature.source, feature.what), str(feature.where)) != feature.where:
            raise DeclarationError(
                f"Feature {feature.name}: {feature.what} stands for {feature.where!r} here and for "
                f"{words[feature.source, feature.what]!r} elsewhere; one word, one condition."
            )
        number = (feature.source, feature.what, feature.measure, feature.aggregation)
        if units.setdefault(number, feature.unit) != feature.unit:
            raise DeclarationError(
                f"Feature {feature.name}: its unit is {feature.unit} here and {units[number]} in another window; "
                "one number, one unit."
            )


def _check_built_in(feature: Feature, contract: Contract | None) -> None:
    if feature.source == TABLE:
        raise DeclarationError(f"Feature {feature.name}: the project declares no ready table.")
    measures = BUILT_IN[feature.source]
    if feature.measure not in measures:
        raise DeclarationError(
            f"Feature {feature.name}: {feature.source} has no measure {feature.measure}; it has {', '.join(measures)}."
        )
    if feature.source == "contract" and contract is None:
        raise DeclarationError(f"Feature {feature.name}: the project declares no contract.")


def _check_measure(feature: Feature, source: Source) -> None:
    if feature.measure is None:
        return
    if feature.aggregation == "days_until":
        if source.column(feature.measure).type not in TIMES:
            raise DeclarationError(f"Feature {feature.name}: {feature.measure} is no date and no timestamp.")
        return
    try:
        if feature.aggregation in OF_ANY_TYPE:
            source.value(feature.measure)
        else:
            source.measure(feature.measure)
    except DeclarationError as error:
        raise DeclarationError(f"Feature {feature.name}: {error}") from None


def _check_reach(feature: Feature, source: Source) -> None:
    if source.retention_days is not None and (feature.reach or 0) > source.retention_days:
        raise DeclarationError(
            f"Feature {feature.name}: looks back {feature.reach} days and {source.name} is kept for "
            f"{source.retention_days}; shorten the window, or keep the source longer."
        )


def _check_ahead(feature: Feature, sources: Mapping[str, Source]) -> None:
    coming = feature.ahead
    if coming is None or coming.source not in sources:
        raise DeclarationError(
            f"Feature {feature.name}: nothing comes from {coming and coming.source}; there are {', '.join(sources)}."
        )
    if sources[coming.source].column(coming.day).type not in TIMES:
        raise DeclarationError(f"Feature {feature.name}: {coming.day} of {coming.source} is no date and no timestamp.")
    sources[coming.source].value(coming.matches)
    if coming.days < 1:
        raise DeclarationError(f"Feature {feature.name}: {coming.days} days ahead must be at least 1.")
