"""Who is in a snapshot, in which population, and with which label."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

from features.compile.contract_sql import contract_sql
from features.compile.label_sql import if_absent, label_sql
from features.declare.label import (
    ALREADY_LEFT,
    HOW,
    LABEL,
    Population,
)
from features.declare.snapshot_spec import SnapshotSpec
from lake.source import DeclarationError
from stack.engines.engine import Engine

#: the view of the entities and dates that features are made for, where a contract says which.
MEMBERS = "contract_members"
_STATES, _FEATURES = "contract_states", "features_unlabelled"


@contextmanager
def members(engine: Engine, spec: SnapshotSpec, dates: Sequence[date]) -> Iterator[str | None]:
    """The name of a view of contracts at the dates, kept while the block runs; None without a contract.

    Where the contract alone decides who belongs to a population, only those are in it: nobody else needs features.
    """
    if spec.contract is None:
        yield None
        return
    engine.show(_STATES, contract_sql(spec.contract, spec.sources, dates))
    wanted = "contract_state is not null"
    if not any(engine.problem(_STATES, one.where) for one in spec.populations):
        wanted += " and (" + " or ".join(f"({one.where})" for one in spec.populations) + ")"
    engine.keep(MEMBERS, f"select * from {_STATES} where {wanted}")  # every source is joined with it
    try:
        yield MEMBERS
    finally:
        engine.drop(MEMBERS)
        engine.drop(_STATES)


def labelled_sql(engine: Engine, plan: str, spec: SnapshotSpec, matured: Mapping[str, Sequence[date]]) -> str:
    """SQL of the members of the populations, with what became of them.

    Args:
        engine: runs the plan.
        plan: SQL of features by entity and date.
        spec: the declarations.
        matured: population -> the dates whose labels are known.

    Raises:
        DeclarationError: a population's condition is none over the features.
    """
    already = "" if spec.contract else f", cast(null as boolean) as {ALREADY_LEFT}"
    engine.show(_FEATURES, f"select *{already} from ({plan})")
    for one in spec.populations:
        problem = engine.problem(_FEATURES, one.where)
        if problem:
            raise DeclarationError(
                f"Population {one.name}: its condition {one.where!r} is none over the features ({problem})."
            )
    cases = " ".join(f"when {one.where} then '{one.name}'" for one in spec.populations)
    known = {one: days for one in spec.populations if (days := list(matured[one.name]))}
    label, how, joined = "cast(null as int)", "cast(null as string)", ""
    if known:
        label, how = f"coalesce(told.{LABEL}, {_absent(known)})", f"told.{HOW}"
        keys = " and ".join(f"kept.{key} = told.{key}" for key in (spec.entity, "as_of", "population"))
        joined = f"\nleft join ({_told(spec, known)}) as told on {keys}"
    names = "".join(f"kept.{feature.name}, " for feature in spec.features)
    return (
        f"select kept.{spec.entity}, kept.as_of, kept.population, {names}kept.{ALREADY_LEFT}, "
        f"cast({label} as int) as {LABEL}, {how} as {HOW}\n"
        f"from (select *, case {cases} end as population from {_FEATURES}) as kept{joined}\n"
        "where kept.population is not null"
    )


def check_conditions(engine: Engine, spec: SnapshotSpec) -> None:
    """See that the SQL conditions of contract and features can be read over the registered sources.

    Raises:
        DeclarationError: names the condition that cannot.
    """
    contract = spec.contract.conditions if spec.contract else ()
    asked = [(f"Contract: its condition {what}", source, sql) for what, source, sql in contract]
    asked += [(f"Feature {one.name}: its condition", one.source, one.where) for one in spec.features if one.where]
    for who, source, sql in asked:
        problem = engine.problem(source, sql)
        if problem:
            raise DeclarationError(f"{who} {sql!r} is none over the columns of {source} ({problem}).")


def _told(spec: SnapshotSpec, known: Mapping[Population, Sequence[date]]) -> str:
    return " union all ".join(
        f"select {spec.entity}, as_of, '{one.name}' as population, {LABEL}, {HOW} "
        f"from ({label_sql(one.label, spec.sources, spec.entity, days)})"
        for one, days in known.items()
    )


def _absent(known: Mapping[Population, Sequence[date]]) -> str:
    """SQL of the label of a member whom no label names."""
    cases = ""
    for one, days in known.items():
        absent = if_absent(one.label)
        if absent is not None:
            its = ", ".join(f"date'{day.isoformat()}'" for day in days)
            cases += f" when kept.population = '{one.name}' and kept.as_of in ({its}) then {absent}"
    return f"case{cases} end" if cases else "null"
