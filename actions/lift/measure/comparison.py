"""Two groups of people who were drawn at random: treated and control."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from actions.experiment import Floats
from actions.lift.rows.campaign_rows import GLOBAL_CONTROL, CampaignRows

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class GroupComparison:
    """Rows of two groups, each drawn with a known probability; n rows.

    A row counts by the group that was drawn, whatever was delivered (intention to treat).

    Attributes:
        is_treated: (n,), False for control.
        treated_probability, control_probability: (n,), probability of each group for each row by the design.
        outcome: (n,), 1.0 stayed, 0.0 left.
        baseline: (n,), churn probability published before the assignment, NaN where there was none.
        people: (n,), entity of each row; a person may have a row in several campaigns.
        cost: (n,), expected cost of the assigned arm; 0 for control.
    """

    is_treated: Mask
    treated_probability: Floats
    control_probability: Floats
    outcome: Floats
    baseline: Floats
    people: NDArray[np.object_]
    cost: Floats

    def __len__(self) -> int:
        """Number of rows of both groups."""
        return len(self.outcome)

    @property
    def treated_count(self) -> int:
        """Number of treated rows."""
        return int(self.is_treated.sum())

    @property
    def control_count(self) -> int:
        """Number of control rows."""
        return len(self) - self.treated_count

    @property
    def total_cost(self) -> float:
        """Cost of the treated rows."""
        return float(self.cost[self.is_treated].sum())

    def select(self, mask: Mask) -> "GroupComparison":
        """The rows of a mask."""
        return GroupComparison(**{field.name: getattr(self, field.name)[mask] for field in fields(self)})


def compare_with_control(rows: CampaignRows) -> GroupComparison:
    """People with any action or with the policy, against the control group of their campaign."""
    is_control = rows.is_arm(0)
    chances = rows.treated_probability, rows.experiment.probability[:, 0]
    return _comparison(rows, ~is_control & ~rows.is_global_control, is_control, *_within_both(*chances))


def compare_with_global_control(rows: CampaignRows) -> GroupComparison:
    """People with any action or with the policy, against people of the global control group who met the conditions."""
    is_treated = ~rows.is_arm(0) & ~rows.is_global_control
    chances = rows.treated_probability, rows.probability_of(GLOBAL_CONTROL)
    return _comparison(rows, is_treated, rows.is_global_control, *_within_both(*chances))


def compare_action(rows: CampaignRows, arm: int) -> GroupComparison:
    """People with one drawn action against control, among the people who could get the action."""
    chance = rows.experiment.probability[:, arm]
    return _comparison(rows, rows.is_arm(arm), rows.is_arm(0), chance, rows.experiment.probability[:, 0])


def _within_both(treated: Floats, control: Floats) -> tuple[Floats, Floats]:
    """Probabilities of both groups, given that a row is in one of them; 0 stays 0."""
    both = np.maximum(treated + control, np.finfo(float).tiny)
    return treated / both, control / both


def _comparison(
    rows: CampaignRows, is_treated: Mask, is_control: Mask, treated_probability: Floats, control_probability: Floats
) -> GroupComparison:
    """Rows of either group that could have been in both."""
    is_used = (is_treated | is_control) & (treated_probability > 0) & (control_probability > 0)
    data = rows.experiment
    whole = GroupComparison(
        is_treated, treated_probability, control_probability, data.outcome, data.baseline, data.people, rows.cost
    )
    return whole.select(is_used)
