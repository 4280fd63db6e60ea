"""Checks of an action plan against the rest of its project: populations, snapshot columns, sources and capacities."""

from collections.abc import Collection, Iterator

from actions.declare.plan import ActionPlan, AssignmentHistory, ReactionHistory
from features import DuckEngine, SnapshotSpec
from features.declare.label import ALREADY_LEFT
from features.declare.sql_checks import source_columns, sql_mistakes
from lake import Source
from lake.column import NUMBERS
from lake.source import UNDATED

#: what a reaction can mean; `ops.reactions` holds no other word.
REACTIONS = ("delivered", "opened", "clicked", "unsubscribed", "refused")
#: how sentences call the columns that conditions can name.
PLACE = "the snapshot"


def find_plan_mistakes(plan: ActionPlan, spec: SnapshotSpec) -> list[str]:
    """One sentence for each contradiction between an action plan and its project.

    Args:
        plan: the action plan.
        spec: sources, features and populations of the project.
    """
    return [
        *_population_mistakes(plan, spec),
        *_condition_mistakes(plan, spec),
        *_history_mistakes(plan.assignments, spec),
        *_reaction_mistakes(plan.reactions, spec),
        *_segment_mistakes(plan, spec),
        *_unused_names(plan),
        *_capacity_mistakes(plan),
    ]


def condition_columns(spec: SnapshotSpec) -> dict[str, Collection[str]]:
    """The snapshot's columns that a condition can name, with the texts that they can hold; the label is not one."""
    names = [spec.entity, "as_of", ALREADY_LEFT, *(feature.name for feature in spec.features)]
    columns: dict[str, Collection[str]] = dict.fromkeys(names, ())
    return {**columns, "population": tuple(population.name for population in spec.populations)}


def _population_mistakes(plan: ActionPlan, spec: SnapshotSpec) -> Iterator[str]:
    names = [population.name for population in spec.populations]
    for name in plan.populations:
        if name not in names:
            yield f"Action plan: population {name!r} is not declared; use {', '.join(names)}."


def _condition_mistakes(plan: ActionPlan, spec: SnapshotSpec) -> Iterator[str]:
    """Mistakes of all conditions: first of their SQL, then of the types of the columns, which DuckDB binds."""
    conditions = [("Action plan", plan.where)]
    conditions += [(f"Channel {channel.name}", channel.where) for channel in plan.channels]
    conditions += [(f"Offer {offer.name}", offer.where) for offer in plan.offers]
    columns, engine = condition_columns(spec), None
    for owner, text in conditions:
        mistakes = sql_mistakes(text, PLACE, columns)
        if not mistakes:
            engine = engine or _engine_with_columns(spec)
            problem = engine.problem("snapshot_columns", text)
            mistakes = [] if problem is None else [f"is not valid over the columns of {PLACE} ({problem})"]
        yield from (f"{owner}: its condition {text!r} {mistake}." for mistake in mistakes)


def _engine_with_columns(spec: SnapshotSpec) -> DuckEngine:
    """An engine with an empty view of the snapshot's columns and types."""
    types = {spec.entity: _entity_type(spec), "as_of": "date", "population": "string", ALREADY_LEFT: "boolean"}
    columns = ", ".join(f"cast(null as {types.get(name, 'double')}) as {name}" for name in condition_columns(spec))
    engine = DuckEngine(spec.time_zone, threads=1)
    engine.show("snapshot_columns", f"select {columns}")
    return engine


def _entity_type(spec: SnapshotSpec) -> str:
    types = (column.type for source in spec.sources for column in source.columns if column.name == spec.entity)
    return next(types, "string")


def _history_mistakes(history: AssignmentHistory | None, spec: SnapshotSpec) -> Iterator[str]:
    if history is None:
        return
    source, owner = _source(history.source, spec), "Assignment history"
    yield from _source_mistakes(owner, history.source, source, spec)
    if source is None:
        return
    fields = ("campaign", "channel", "offer", "contacts", "arm", "probability")
    named = {field: getattr(history, field) for field in fields}
    yield from _column_mistakes(owner, source, named)
    for field in ("contacts", "probability"):
        column = next((column for column in source.columns if column.name == named[field]), None)
        if column is not None and column.type not in NUMBERS:
            yield f"{owner}: column {column.name} of source {source.name} must be a number, it is a {column.type}."
    values = source_columns(source).get(history.arm, ())
    if values and history.control not in values:
        yield (
            f"{owner}: control is {history.control!r}, which column {history.arm} of source {source.name} never "
            f"holds; use {', '.join(values)}."
        )


def _reaction_mistakes(reactions: ReactionHistory | None, spec: SnapshotSpec) -> Iterator[str]:
    if reactions is None:
        return
    source, owner = _source(reactions.source, spec), "Reaction history"
    yield from _source_mistakes(owner, reactions.source, source, spec)
    for value, meaning in reactions.meanings.items():
        if meaning not in REACTIONS:
            yield f"{owner}: {value!r} means {meaning!r}, which is no reaction; use {', '.join(REACTIONS)}."
    if source is None:
        return
    named = {field: getattr(reactions, field) for field in ("reaction", "campaign", "channel")}
    yield from _column_mistakes(owner, source, named)
    values = source_columns(source).get(reactions.reaction, ())
    missing = [value for value in values if value not in reactions.meanings]
    if missing:
        yield (
            f"{owner}: column {reactions.reaction} of source {source.name} holds {', '.join(missing)}, which has no "
            "meaning; add it to meanings."
        )


def _source(name: str, spec: SnapshotSpec) -> Source | None:
    return next((source for source in spec.sources if source.name == name), None)


def _source_mistakes(owner: str, name: str, source: Source | None, spec: SnapshotSpec) -> Iterator[str]:
    if source is None:
        yield f"{owner}: source {name} is not declared; use {', '.join(source.name for source in spec.sources)}."
    elif source.entity != spec.entity:
        yield f"{owner}: the rows of {name} are about {source.entity}, not about {spec.entity}; name another source."
    elif source.event_time == UNDATED:
        yield f"{owner}: source {name} has no dates; name a source of events."


def _column_mistakes(owner: str, source: Source, named: dict[str, str]) -> Iterator[str]:
    columns = source_columns(source)
    for field, column in named.items():
        if column not in columns:
            yield (
                f"{owner}: {field} is {column!r}, which is no column of source {source.name}; "
                f"use {', '.join(sorted(columns))}."
            )


def _segment_mistakes(plan: ActionPlan, spec: SnapshotSpec) -> Iterator[str]:
    features = {feature.name for feature in spec.features}
    for segment in plan.segments:
        if segment.feature not in features:
            yield (
                f"Action plan: segment {segment.name!r} uses feature {segment.feature}, which is not declared; "
                "declare it or name another feature."
            )


def _unused_names(plan: ActionPlan) -> Iterator[str]:
    for kind, declared in (("channel", plan.channels), ("offer", plan.offers)):
        used = {getattr(action, kind) for action in plan.actions}
        for item in declared:
            if item.name not in used:
                yield f"{kind.capitalize()} {item.name}: no action uses it; add an action or remove the {kind}."


def _capacity_mistakes(plan: ActionPlan) -> Iterator[str]:
    channels = {channel.name: channel for channel in plan.channels}
    offers = {offer.name for offer in plan.offers}
    for action in plan.actions:
        if action.channel not in channels or action.offer not in offers:
            continue  # the plan itself refuses it
        capacity = channels[action.channel].daily_capacity
        if capacity is not None and action.contacts > capacity:
            yield (
                f"Action {action.name}: it has {action.contacts} contacts, but channel {action.channel} has a "
                f"daily_capacity of {capacity}; raise the capacity or drop the action."
            )
        if plan.cost(action) > plan.daily_budget:
            yield (
                f"Action {action.name}: it costs {plan.cost(action):g} {plan.currency} for one person, but "
                f"daily_budget is {plan.daily_budget:g}; raise the budget or drop the action."
            )
