"""One row per key: for each key, keep the row from the newest batch.

If the newest batch itself holds different rows for a key, none is kept: they are contradictions.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from lake.source import BATCH_DATE, MONTH, Source
from stack.engines.engine import Engine

#: the position of a row: batch, place of its file, number in the file.
ROW = ("_batch", "_file", "_id")
#: why a row is not kept.
RESOLUTION = "_resolution"
DUPLICATE, CONTRADICTION = "duplicate", "contradiction"


@contextmanager
def superseded_rows(engine: Engine, rows: str, source: Source) -> Iterator[str | None]:
    """A view of the rows that are not kept: `ROW`, the month and `_resolution`; None if all rows are kept.

    Most keys occur once, which a count over hashes shows. Only the other rows are sorted, and only by key, batch and
    a hash of the content.

    Args:
        engine: which has the view.
        rows: a view of valid rows.
        source: the declaration.
    """
    if source.key is None:
        yield None
        return
    superseded = f"superseded_{source.name}"
    engine.keep(superseded, _resolutions_sql(rows, source, source.key))
    try:
        yield superseded if engine.rows(f"select count(*) from {superseded}") != [(0,)] else None
    finally:
        engine.drop(superseded)


def _resolutions_sql(rows: str, source: Source, key: tuple[str, ...]) -> str:
    position, keys = ", ".join(ROW), ", ".join(f"`{name}`" for name in key)
    content = f"xxhash64({', '.join(_hashed(source))})"
    repeated = f"select xxhash64({keys}) from {rows} group by xxhash64({keys}) having count(*) > 1"
    latest = (
        f"select {position}, {MONTH}, {BATCH_DATE}, {keys}, {content} as _hash_of_row,\n"
        f"  max({BATCH_DATE}) over (partition by {keys}) = {BATCH_DATE} as _is_latest\n"
        f"from {rows} where xxhash64({keys}) in ({repeated})"
    )
    newest = ", ".join(f"{name} desc" for name in (BATCH_DATE, *ROW))
    of_latest = "case when _is_latest then _hash_of_row end"
    ranked = (
        f"select {position}, {MONTH}, _is_latest,\n"
        f"  row_number() over (partition by {keys} order by {newest}) as _rank,\n"
        f"  min({of_latest}) over (partition by {keys}) != max({of_latest}) over (partition by {keys}) as _differ\n"
        f"from ({latest})"
    )
    return (
        f"select * from (select {position}, {MONTH},\n"
        f"  case when _differ and _is_latest then '{CONTRADICTION}'\n"
        f"    when _differ or _rank > 1 then '{DUPLICATE}' end as {RESOLUTION}\n"
        f"from ({ranked})) where {RESOLUTION} is not null"
    )


def _hashed(source: Source) -> Iterator[str]:
    """SQL of all that rows are compared by. Spark's hash passes over nulls, so it is told where there are some."""
    for column in source.columns:
        yield f"`{column.name}`"
        if column.nullable:
            yield f"`{column.name}` is null"
