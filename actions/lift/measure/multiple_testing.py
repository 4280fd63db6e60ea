"""Multiple testing: many groups are looked at, and some seem to differ by chance."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from scipy.stats import false_discovery_control

from actions.lift.measure.lift_row import LiftRow


def adjust_p_values(rows: Sequence[LiftRow]) -> list[LiftRow]:
    """Rows with p-values by Benjamini and Hochberg (1995), in the same order.

    A family is the actions and segments of one campaign and comparison. So at most 5% of the differences that are
    named are false on average. The row of a whole campaign answers one question by itself and keeps its p-value.
    """
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if row.estimate is not None and not row.is_whole:
            families[row.campaign, row.comparison].append(place)
    adjusted = list(rows)
    for places in families.values():
        p_values = [row.estimate.p_value for place in places if (row := rows[place]).estimate is not None]
        for place, p_value in zip(places, false_discovery_control(p_values), strict=True):
            adjusted[place] = replace(rows[place], adjusted_p_value=float(p_value))
    return adjusted
