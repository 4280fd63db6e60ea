"""Rows as they stood in a file to typed rows, or the reason why they cannot be used: one query of DuckDB.

The task that reads a file runs the query, on one machine and on a cluster's workers alike.
"""

from collections.abc import Iterator

from lake.source import BATCH_DATE, CONTENT, MONTH, TIMES, Column, Constant, Source

#: the latest second that a timestamp of four-digit years can hold, since 1970 UTC.
LAST_SECOND = 253_402_300_799
#: a date, and a timestamp: casts also take '1997' and '12:30'. A time may be followed by a zone.
DAY = r"\d{4}-\d{2}-\d{2}"
ZONE = r"Z|UTC|GMT|[+-]\d{1,2}(:?\d{2})?|[A-Za-z_]+/[A-Za-z_/]+"
MOMENT = rf"({DAY}[ T]([01]\d|2[0-3]):\d{{2}}(:\d{{2}}([.]\d{{1,9}})?)?) *({ZONE})?"
#: casts to numbers also take '1_000', '12d', '0x1p3', and '1.5' for a whole number.
WHOLE = r"[+-]?\d+"
DOUBLE = r"[+-]?(\d+[.]?\d*|[.]\d+)([eE][+-]?\d+)?|[+-]?Infinity|NaN"


def validation_sql(source: Source) -> str:
    """The query that adds types and reasons to the relation `read_rows`.

    It reads `_file`, `_line`, `_raw`, `_fault`, `_trimmed`, the day of the batch, `_until` (the day before which the
    file's rows were received), and the declared columns of files as text.

    It gives `_file`, `_line`, the day of the batch, `_trimmed`; a hash of all columns; `_raw` and `_reason`, null where
    the row is sound; the month; the typed columns. DuckDB's time zone decides about moments without an offset, and
    about days.
    """
    names = [_quoted(column.name) for column in source.columns]
    read = ", ".join(f"{_text(column)} as _text_{column.name}" for column in source.columns)
    typed = ", ".join(f"{_typed(column)} as {_quoted(column.name)}" for column in source.columns)
    reasons = ["_fault"]
    for column in source.columns:
        reasons += _reasons(column)
    reasons += [*_times(source), *_nul(source)]
    # A row of Parquet has no text of its own.
    as_json = ", ".join(f"'{column.name}': _text_{column.name}" for column in source.columns)
    fixed = f"_file, _line, {BATCH_DATE}, _trimmed"
    return (
        f"select {fixed}, (hash({', '.join(names)}) >> 1)::bigint as {CONTENT},\n"
        f"  case when _reason is not null then coalesce(_raw, to_json({{{as_json}}})::varchar) end as _raw, _reason,\n"
        f"  case when _reason is null then strftime({_quoted(source.event_time)}, '%Y-%m') end as {MONTH},\n"
        f"  {', '.join(names)}\n"
        f"from (select *, coalesce({', '.join(reasons)}) as _reason\n"
        f"  from (select *, {typed}\n"
        f"    from (select {fixed}, _raw, _fault, _until, {read} from read_rows)))"
    )


def _text(column: Column) -> str:
    return _literal(column.text) if isinstance(column, Constant) else _quoted(column.name)


def _bare(column: Column) -> str:
    """The text without spaces around it; to look for a space first costs a fifth of `trim`."""
    text = f"_text_{column.name}"
    return f"case when starts_with({text}, ' ') or ends_with({text}, ' ') then trim({text}, ' ') else {text} end"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _matches(text: str, shape: str) -> str:
    return f"regexp_full_match({text}, {_literal(shape)})"


def _typed(column: Column) -> str:
    text = _bare(column)
    if column.type == "string":
        return f"nullif({text}, '')"
    if column.epoch:
        seconds = f"case when {_matches(text, WHOLE)} then try_cast({text} as bigint) end"
        return f"case when {seconds} between 0 and {LAST_SECOND} then to_timestamp({seconds}) end"
    shape = {"bigint": WHOLE, "double": DOUBLE, "date": DAY, "timestamp": MOMENT}[column.type]
    kind = {"timestamp": "timestamptz"}.get(column.type, column.type)
    value = text
    if column.type == "timestamp":  # DuckDB reads an offset only where no space stands before it.
        has_space = f"contains({text}, ' +') or contains({text}, ' -')"
        value = f"case when {has_space} then regexp_replace({text}, ' +([+-])', '\\1') else {text} end"
    return f"case when {_matches(text, shape)} then try_cast({value} as {kind}) end"


def _when(condition: str, name: str, what: str) -> str:
    return f"case when {condition} then {_literal(f'{name}: {what}: ')} || left(_text_{name}, 100) end"


def _reasons(column: Column) -> list[str]:
    name = column.name
    reasons = []
    if column.type != "string":
        reasons.append(_when(f"{_quoted(name)} is null and {_bare(column)} != ''", name, f"not a {column.type}"))
    if not column.nullable:
        reasons.append(f"case when {_quoted(name)} is null then {_literal(f'{name}: empty')} end")
    return reasons + [_when(condition, name, what) for condition, what in _bounds(column)]


def _bounds(column: Column) -> Iterator[tuple[str, str]]:
    """Conditions that no true value fulfils, in words."""
    name = _quoted(column.name)
    if column.lowest is not None:
        yield f"{name} < {column.lowest!r}", f"below {column.lowest:g}"
    if column.highest is not None:
        yield f"{name} > {column.highest!r}", f"above {column.highest:g}"
    if column.values:
        yield f"{name} not in ({', '.join(map(_literal, column.values))})", f"not one of {', '.join(column.values)}"
    if column.type == "double":
        yield f"not isfinite({name})", "not finite"
    if column.type in TIMES:
        yield f"{name} < date '1900-01-01' or {name} >= date '2200-01-01'", "outside 1900 to 2199"


def _nul(source: Source) -> Iterator[str]:
    """Keys that PostgreSQL cannot store, and so nobody could be scored under."""
    keys = {source.entity, *([source.identity.own] if source.identity else [])}
    for column in source.columns:
        if column.name in keys and column.type == "string":
            reason = _literal(f"{column.name}: holds a NUL character")
            yield f"case when contains({_quoted(column.name)}, chr(0)) then {reason} end"


def _times(source: Source) -> list[str]:
    """A row must have happened since the source began, and before it was known and its batch was made.

    A day of tolerance, for clocks are wrong and batches are cut in some time zone.
    """
    name = source.event_time
    event = _quoted(name)
    reasons = [
        _when(f"{event} < date '{source.earliest}'", name, f"before {source.earliest}"),
        _when(f"{event}::date > _until", name, "after its batch was made"),
    ]
    if source.known_time:
        known_day = f"{_quoted(source.known_time)}::date"
        reasons.append(_when(f"{event}::date > {known_day} + 1", name, "after it was known"))
        too_late = _literal(f"{source.known_time}: after its batch was made")
        reasons.append(f"case when {known_day} > _until then {too_late} end")
    return reasons
