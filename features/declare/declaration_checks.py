"""Checks of all features of a project together; an error has the name of the feature."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from features.declare.contract import Contract
from features.declare.feature import (
    BUILT_IN,
    OF_ANY_TYPE,
    TABLE,
    Feature,
)
from lake import Source
from lake.column import TIMES
from lake.declarations import DeclarationError, refuse, run_checks
from lake.identity import related
from lake.source import UNDATED

#: aggregations of a dimension without dates, whose one row holds for every date.
OF_UNDATED = ("state", "days_until")


def check(
    features: Sequence[Feature], sources: Sequence[Source], contract: Contract | None = None, entity: str | None = None
) -> None:
    """Check that the declarations agree with the sources and with one another.

    Args:
        features: of a project.
        sources: of the project.
        contract: of the project.
        entity: the project's entity; None to accept any.

    Raises:
        DeclarationError: an unknown source or column, a measure of the wrong type, a window that the source does not
            reach back, a source of another entity, one name twice, one word for two conditions, or one number in two
            units; it has a sentence for each.
    """
    by_name = {source.name: source for source in sources}
    run_checks(
        partial(_check_source_names, by_name),
        partial(_check_coverage, sources),
        *(partial(_check_related, source, by_name) for source in sources),
        *(partial(_check_feature, feature, by_name, contract, entity) for feature in features),
        lambda: refuse(list(_contradictions(features))),
    )


def check_entity(owner: str, source: Source, entity: str | None) -> None:
    """Check that the rows of a source are about the project's entity.

    Raises:
        DeclarationError: they are about something else.
    """
    if entity is not None and source.entity != entity:
        raise DeclarationError(
            f"{owner}: the rows of {source.name} are about {source.entity}, not about {entity}; name the column "
            f"{entity} with `raw`, or look {source.name} up from a source with {entity}."
        )


def _check_source_names(sources: Mapping[str, Source]) -> None:
    taken = sorted(set(sources) & set(BUILT_IN))
    if taken:
        raise DeclarationError(f"No source may be called {taken[0]}: this name is reserved, choose another.")


def _check_coverage(sources: Sequence[Source]) -> None:
    if not any(source.limits_coverage for source in sources):
        raise DeclarationError(
            "No source says until when the data is complete: at least one must be no dimension, and not sparse."
        )


def _check_related(source: Source, sources: Mapping[str, Source]) -> None:
    """Check that the sources that a source looks things up in are ingested too."""
    for other in related(source):
        if sources.get(other.name) != other:
            raise DeclarationError(
                f"Source {source.name}: {other.name}, which it refers to, is not among the project's sources; add it."
            )


def _check_feature(
    feature: Feature, sources: Mapping[str, Source], contract: Contract | None, entity: str | None
) -> None:
    if feature.source in BUILT_IN:
        _check_built_in(feature, contract)
    elif feature.source not in sources:
        raise DeclarationError(
            f"Feature {feature.name}: no source {feature.source}; the sources are {', '.join(sources)}."
        )
    else:
        source = sources[feature.source]
        run_checks(
            partial(check_entity, f"Feature {feature.name}", source, entity),
            partial(_check_measure, feature, source),
            partial(_check_reach, feature, source),
            partial(_check_undated, feature, source),
        )
    if feature.ahead is not None:
        _check_ahead(feature, sources)


def _contradictions(features: Sequence[Feature]) -> Iterator[str]:
    """A sentence for each feature that contradicts an earlier one."""
    names: set[str] = set()
    words: dict[tuple[str, str], str] = {}
    units: dict[tuple[object, ...], str] = {}
    for feature in features:
        if feature.name in names:
            yield f"Feature {feature.name} is declared twice."
        names.add(feature.name)
        if feature.what and words.setdefault((feature.source, feature.what), str(feature.where)) != feature.where:
            yield (
                f"Feature {feature.name}: {feature.what} has the condition {feature.where!r}, but another feature has "
                f"{words[feature.source, feature.what]!r}; use one condition per word."
            )
        number = (feature.source, feature.what, feature.measure, feature.aggregation)
        if units.setdefault(number, feature.unit) != feature.unit:
            yield (
                f"Feature {feature.name}: its unit is {feature.unit}, but {units[number]} in another window; "
                "give both the same unit."
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
        if source.kind(feature.measure) not in TIMES:
            raise DeclarationError(f"Feature {feature.name}: {feature.measure} is neither a date nor a timestamp.")
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


def _check_undated(feature: Feature, source: Source) -> None:
    if source.event_time == UNDATED and feature.aggregation not in OF_UNDATED:
        raise DeclarationError(
            f"Feature {feature.name}: {source.name} has no dates, so {feature.aggregation} means nothing; "
            f"use {' or '.join(OF_UNDATED)}, or declare its date of change as event_time."
        )


def _check_ahead(feature: Feature, sources: Mapping[str, Source]) -> None:
    coming = feature.ahead
    if coming is None or coming.source not in sources:
        raise DeclarationError(
            f"Feature {feature.name}: no source {coming and coming.source} in `ahead`; the sources are "
            f"{', '.join(sources)}."
        )
    if sources[coming.source].kind(coming.day) not in TIMES:
        raise DeclarationError(
            f"Feature {feature.name}: {coming.day} of {coming.source} is neither a date nor a timestamp."
        )
    sources[coming.source].value(coming.matches)
    if coming.days < 1:
        raise DeclarationError(f"Feature {feature.name}: {coming.days} days ahead must be at least 1.")
