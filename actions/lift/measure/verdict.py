"""Verdicts: one sentence in plain words for each row of lift."""

from collections.abc import Sequence

from actions.lift.measure.estimate import MIN_GROUP_ROWS, LiftEstimate
from actions.lift.measure.lift_row import ALL_CAMPAIGNS, BETTER, HARMED, NOT_KNOWN_YET, SIGNIFICANCE, LiftRow


def verdict(row: LiftRow, others: Sequence[LiftRow] = ()) -> str:
    """The sentence of a row.

    Args:
        row: the row.
        others: actions and segments of the same campaign and comparison; those that were harmed are named.
    """
    later = f"; {row.pending:,} more people are known on {row.matures_on}" if row.pending and row.estimate else ""
    harmed = [other.name for other in others if other.conclusion == HARMED]
    named = f"; harmed: {'; '.join(harmed)}" if harmed else ""
    return f"{_sentence(row)}{later}{named}"


def _sentence(row: LiftRow) -> str:
    if row.estimate is None:
        return _without_figures(row)
    people, low, high = row.people_kept or (0.0, 0.0, 0.0)
    if row.conclusion == BETTER:
        return f"kept {_people(people, 'more')} than control (95% interval {_range(low, high)})"
    if row.conclusion == HARMED:
        return f"harmed: kept {_people(-people, 'fewer')} than control (95% interval {_range(-high, -low)})"
    return _no_difference(row, row.estimate)


def _without_figures(row: LiftRow) -> str:
    if row.conclusion == NOT_KNOWN_YET:
        return f"known on {row.matures_on}"
    return (
        f"too few people: {row.treated:,} treated and {row.control:,} in control, "
        f"at least {MIN_GROUP_ROWS} each are needed"
    )


def _no_difference(row: LiftRow, estimate: LiftEstimate) -> str:
    group = "these campaigns" if row.campaign == ALL_CAMPAIGNS else "this campaign"
    smallest = (
        f"the smallest that {group if row.is_whole else 'this group'} could show is "
        f"{100 * estimate.smallest_visible:.1f} points"
    )
    if estimate.p_value < SIGNIFICANCE:
        return f"no sure difference, as so many groups were compared; {smallest}"
    return f"no difference seen; {smallest}"


def _people(count: float, more: str) -> str:
    return f"{_whole(count)} {more} {'person' if _whole(count) == '1' else 'people'}"


def _range(low: float, high: float) -> str:
    return f"{_whole(low)} to {_whole(high)}"


def _whole(count: float) -> str:
    """A count of people; one below 1 keeps a digit, or an interval without 0 would show it."""
    return f"{count:.1f}" if 0 < abs(count) < 0.95 else f"{count:,.0f}"
