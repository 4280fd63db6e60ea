"""SQL texts of declarations, checked against the columns that they can name before any row is read."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from itertools import chain
from typing import NamedTuple

import sqlglot
from sqlglot import exp

from features.declare.contract import STATES
from features.declare.feature import BUILT_IN
from features.declare.label import ALREADY_LEFT, NoEvent
from features.declare.snapshot_spec import SnapshotSpec
from lake import Source

#: column -> the texts that it can hold; empty where any text or number can be there.
Columns = Mapping[str, Collection[str]]
#: what Spark calls as a function, and `pyspark.sql.functions` has no function for.
CASTS_AND_OTHERS = frozenset({"bigint", "double", "int", "string", "boolean", "float", "decimal", "if", "mod", "map"})
#: more names than this are not listed in a sentence.
MOST_NAMES = 20
#: functions whose value differs from run to run.
_CHANGING = (exp.CurrentDate, exp.CurrentTimestamp, exp.Rand, exp.Randn, exp.Uuid)


class _SqlText(NamedTuple):
    """An SQL text: its owner, the text, and the columns that it can name."""

    owner: str
    text: str
    place: str
    columns: Columns


def find_sql_mistakes(spec: SnapshotSpec) -> list[str]:
    """One sentence for each mistake in the SQL texts of a project's sources, features, contract and populations."""
    return [
        f"{sql.owner} {sql.text!r} {mistake}."
        for sql in (*chain(*map(_source_texts, spec.sources)), *_row_texts(spec), *_population_texts(spec))
        for mistake in sql_mistakes(sql.text, sql.place, sql.columns)
    ]


def source_columns(source: Source) -> dict[str, Collection[str]]:
    """The columns that SQL over a source's rows can name: its own, those of its lookups, and the entity."""
    columns: dict[str, Collection[str]] = {source.entity: ()}
    for lookup in source.lookups:
        others = source_columns(lookup.source)
        columns |= {name: others.get(sql, ()) for name, sql in lookup.columns}
    return columns | {column.name: column.values for column in source.columns}


def sql_mistakes(text: str, place: str, columns: Columns) -> list[str]:
    """What is wrong with an SQL text about one row; each mistake reads on after the text.

    Args:
        text: SQL as Spark reads it.
        place: source of the columns, such as `orders`.
        columns: the columns, and the texts that they can hold.
    """
    try:
        trees = sqlglot.parse(text, read="databricks")
    except sqlglot.errors.ParseError as error:
        near = error.errors[0].get("highlight") if error.errors else None
        return [f"is no SQL near {near!r}, character {error.errors[0].get('col')}" if near else "is no SQL"]
    except sqlglot.errors.TokenError:
        return ["is no SQL: a quote or a comment is not closed"]
    tree = trees[0] if len(trees) == 1 else None
    if tree is None or isinstance(tree, exp.Block):
        return ["must be exactly one SQL expression"]
    return list(dict.fromkeys(_tree_mistakes(tree, place, columns)))


def _source_texts(source: Source) -> Iterator[_SqlText]:
    columns = source_columns(source)
    for name, text in source.measures:
        yield _SqlText(f"Source {source.name}: its measure {name}", text, source.name, columns)
    for lookup in source.lookups:
        for name, text in lookup.columns:
            owner = f"Source {source.name}: its lookup {name}"
            yield _SqlText(owner, text, lookup.source.name, source_columns(lookup.source))
    if source.identity is not None:
        links, owner = source.identity.links, f"Source {source.name}: the condition of its identity"
        yield _SqlText(owner, source.identity.where, links.name, source_columns(links))


def _row_texts(spec: SnapshotSpec) -> Iterator[_SqlText]:
    """The conditions over rows of a source; another check refuses an unknown source."""
    texts = [
        (f"Feature {feature.name}: its condition", feature.source, feature.where)
        for feature in spec.features
        if feature.where and feature.source not in BUILT_IN
    ]
    if spec.contract is not None:
        texts += [(f"Contract: its condition {name}", source, text) for name, source, text in spec.contract.conditions]
    texts += [
        (f"Population {population.name}: the condition of its label", population.label.source, population.label.where)
        for population in spec.populations
        if isinstance(population.label, NoEvent) and population.label.where
    ]
    columns = {source.name: source_columns(source) for source in spec.sources}
    for owner, source, text in texts:
        if source in columns:
            yield _SqlText(owner, text, source, columns[source])


def _population_texts(spec: SnapshotSpec) -> Iterator[_SqlText]:
    names = [spec.entity, "as_of", ALREADY_LEFT, *(feature.name for feature in spec.features)]
    columns: dict[str, Collection[str]] = dict.fromkeys(names, ())
    if spec.contract is not None:
        columns["contract_state"] = STATES
    for population in spec.populations:
        yield _SqlText(f"Population {population.name}: its condition", population.where, "the features", columns)


def _tree_mistakes(tree: exp.Expr, place: str, columns: Columns) -> Iterator[str]:
    for node in tree.walk():
        if node.comments:
            yield "holds a comment, which would hide the SQL behind it; remove it"
        if isinstance(node, exp.Column):
            yield from _column_mistakes(node, place, columns)
        elif isinstance(node, exp.EQ | exp.NEQ | exp.In):
            yield from _value_mistakes(node, columns)
        else:
            yield from _call_mistakes(node)


def _call_mistakes(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Query):
        yield "holds a query, but can only be about the columns of one row"
    elif isinstance(node, exp.AggFunc | exp.Window):
        yield f"aggregates rows with {node.sql('databricks')}, but can only be about the columns of one row"
    elif isinstance(node, _CHANGING):
        yield f"calls {node.sql('databricks')}, whose value differs from run to run"
    elif isinstance(node, exp.Anonymous) and node.name.lower() not in _functions():
        yield f"calls {node.name}, which is no function of Spark{_like(node.name, _functions())}"


def _column_mistakes(column: exp.Column, place: str, columns: Columns) -> Iterator[str]:
    if column.table:
        yield f"names {column.sql('databricks')}, but a column is named without its source: {column.name}"
    elif column.name.lower() not in columns:
        names = sorted(columns)
        listed = f": {', '.join(names)}" if len(names) <= MOST_NAMES else _like(column.name, names)
        yield f"names {column.name}, which is no column of {place}{listed}"


def _value_mistakes(node: exp.EQ | exp.NEQ | exp.In, columns: Columns) -> Iterator[str]:
    sides = [node.this, *(node.expressions if isinstance(node, exp.In) else [node.expression])]
    for column in (side for side in sides if isinstance(side, exp.Column)):
        allowed = columns.get(column.name.lower(), ())
        for text in (side.this for side in sides if isinstance(side, exp.Literal) and side.is_string):
            if allowed and text not in allowed:
                yield f"compares {column.name} with {text!r}, which it never holds: it holds {', '.join(allowed)}"


def _like(name: str, names: Collection[str]) -> str:
    similar = difflib.get_close_matches(name.lower(), names)
    return f"; similar names are {', '.join(similar)}" if similar else ""


@cache
def _functions() -> frozenset[str]:
    """The names of Spark's functions; only a name that the parser does not know is looked up."""
    from pyspark.sql import functions

    return frozenset(name.lower() for name in functions.__all__) | CASTS_AND_OTHERS
