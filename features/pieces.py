"""A feature's two levels: the daily pieces it is made of, and the number that a window makes of them."""

from features.feature import Feature
from lake import Source


def row_columns(feature: Feature, source: Source) -> dict[str, str]:
    """Columns that its daily pieces read, by name: the measure, and whether a row satisfies the condition."""
    columns = {}
    if feature.measure:
        plain = feature.aggregation in {"days_until", "distinct"}
        columns[f"m_{feature.measure}"] = feature.measure if plain else source.measure(feature.measure)
    if feature.what:
        columns[f"is_{feature.what}"] = f"coalesce({feature.where}, false)"
    return columns


def daily_pieces(feature: Feature) -> dict[str, str]:
    """Aggregates per entity and day, by name; features share those with one name."""
    pieces = _pieces(feature, feature.what)
    return pieces | _pieces(feature, None) if feature.aggregation == "share" else pieces


def window_value(feature: Feature) -> str:
    """SQL of the number over the daily rows of one entity and date."""
    within, its_days, piece = _within(feature.window), _days(feature), _piece(feature, feature.what)
    days = _number_of_days(feature)
    last, first = f"max(day){its_days}", f"min(day){its_days}"
    interval = f"try_divide(datediff({last}, {first}), {days} - 1)"
    total, known = f"round(sum({piece}_sum){within}, 6)", f"sum({piece}_n){within}"
    amount = _amount(feature, feature.what, feature.window)
    return {
        "count": f"coalesce({amount}, 0)",
        "sum": f"coalesce({amount}, 0)",
        "mean": f"try_divide({total}, {known})",
        "stddev": _stddev(total, f"round(sum({piece}_squares){within}, 6)", known),
        "min": f"min({piece}_min){within}",
        "max": f"max({piece}_max){within}",
        "last": f"(max({piece}_last){within}).value",
        "days_until": f"datediff((max({piece}_latest){within}).value, as_of)",
        "distinct": f"size(array_distinct(flatten(collect_list({piece}_set){within})))",
        "active_days": days,
        "days_since_last": f"datediff(as_of, {last})",
        "days_since_first": f"datediff(as_of, {first})",
        "interval_mean": interval,
        "overdue": f"try_divide(datediff(as_of, {last}), {interval})",
        "ratio": f"try_divide(coalesce({amount}, 0), {_amount(feature, feature.what, feature.against)})",
        "share": f"try_divide(coalesce({amount}, 0), {_amount(feature, None, feature.window)})",
    }[feature.aggregation]


#: aggregations that are 0, not unknown, for an entity without a row.
NONE_IS_ZERO = frozenset({"count", "sum", "active_days", "distinct"})


def _pieces(feature: Feature, what: str | None) -> dict[str, str]:
    piece, only = _piece(feature, what), f" filter (where is_{what})" if what else ""
    if feature.measure is None:
        return {f"{piece}_n": f"count(*){only}"}
    m = f"m_{feature.measure}"
    number = f"cast({m} as double)"
    known = f" filter (where {m} is not null{f' and is_{what}' if what else ''})"
    made = {
        "sum": f"sum({number}){only}",
        "n": f"count({m}){only}",
        "squares": f"sum({number} * {number}){only}",
        "min": f"min({m}){only}",
        "max": f"max({m}){only}",
        # Equal times are possible; the larger value wins, so that the answer does not depend on row order.
        "last": f"max(struct(at, {m} as value)){known}",
        "latest": f"max(struct(at, {m} as value)){only}",
        "set": f"collect_set({m}){only}",
    }
    needed = {
        "mean": ("sum", "n"), "stddev": ("sum", "n", "squares"), "min": ("min",), "max": ("max",), "last": ("last",),
        "days_until": ("latest",), "distinct": ("set",),
    }.get(feature.aggregation, ("sum",))  # fmt: skip
    return {f"{piece}_{name}": made[name] for name in needed}


def _piece(feature: Feature, what: str | None) -> str:
    return f"{what or 'any'}__{feature.measure or ''}"


def _amount(feature: Feature, what: str | None, window: int | None) -> str:
    """Sum of the measure, or number of rows where there is none.

    To the millionth: the order in which doubles are added must not show, or two builds would differ.
    """
    piece, within = _piece(feature, what), _within(window)
    return f"round(sum({piece}_sum){within}, 6)" if feature.measure else f"sum({piece}_n){within}"


def _stddev(total: str, squares: str, known: str) -> str:
    variance = f"try_divide({squares} - try_divide({total} * {total}, {known}), {known} - 1)"
    # Rounding can take the variance of equal values a little below 0; `greatest` would lose the null.
    return f"round(sqrt(if({variance} < 0, 0, {variance})), 6)"


def _within(window: int | None) -> str:
    return "" if window is None else f" filter (where day >= date_sub(as_of, {window}))"


def _number_of_days(feature: Feature) -> str:
    """How many different days, exactly: a bit a day, 64 days a number; only the whole past has to list them.

    `count(distinct day)` makes Spark handle every row once per window.
    """
    if feature.window is None:
        return f"count(distinct day){_days(feature)}"
    parts = []
    for start in range(0, feature.window, 64):
        own = f"datediff(as_of, day) between {start + 1} and {min(start + 64, feature.window)}{_satisfied(feature)}"
        bits = f"bit_or(shiftleft(1L, datediff(as_of, day) - {start + 1})) filter (where {own})"
        parts.append(f"bit_count(coalesce({bits}, 0L))")
    return f"({' + '.join(parts)})"


def _days(feature: Feature) -> str:
    """Only the days of the window, and of them those with a row that satisfies the condition."""
    bound = "true" if feature.window is None else f"day >= date_sub(as_of, {feature.window})"
    only = f"{bound}{_satisfied(feature)}"
    return "" if only == "true" else f" filter (where {only})"


def _satisfied(feature: Feature) -> str:
    return f" and {_piece(feature, feature.what)}_n > 0" if feature.what else ""
