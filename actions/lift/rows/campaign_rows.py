"""Rows of campaigns whose labels have matured, with the cost of each row."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from actions.experiment import Experiment, Floats

#: arm of the people whose action the policy chose, and arm of the people who are in no campaign.
POLICY, GLOBAL_CONTROL = "policy", "global control"


@dataclass(frozen=True)
class CampaignRows:
    """Matured rows of an experiment, and the cost of each.

    Attributes:
        experiment: its arms may include `policy` and `global control` besides control and the actions.
        cost: (n,), expected cost of the contacts and offers of each row, in the plan's currency; 0 for control.
    """

    experiment: Experiment
    cost: Floats

    @classmethod
    def of(cls, experiment: Experiment) -> "CampaignRows":
        """The rows with the expected cost of the assigned arm."""
        return cls(experiment, experiment.cost[experiment.arm])

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.experiment)

    def select(self, mask: NDArray[np.bool_]) -> "CampaignRows":
        """The rows of a mask."""
        return CampaignRows(self.experiment.select(mask), self.cost[mask])

    def is_arm(self, arm: int) -> NDArray[np.bool_]:
        """Mask (n,) of the rows of an arm."""
        return np.asarray(self.experiment.arm == arm)

    @property
    def is_global_control(self) -> NDArray[np.bool_]:
        """Mask (n,) of the rows of the global control group."""
        if GLOBAL_CONTROL not in self.experiment.arms:
            return np.zeros(len(self), dtype=np.bool_)
        return self.is_arm(self.experiment.arms.index(GLOBAL_CONTROL))

    def probability_of(self, name: str) -> Floats:
        """Probability (n,) of an arm; 0 if there is no such arm."""
        if name not in self.experiment.arms:
            return np.zeros(len(self))
        return np.asarray(self.experiment.probability[:, self.experiment.arms.index(name)], dtype=np.float64)

    @property
    def treated_probability(self) -> Floats:
        """Probability (n,) of any arm but both control groups."""
        others = 1.0 - self.experiment.probability[:, 0] - self.probability_of(GLOBAL_CONTROL)
        return np.where(others > 1e-9, others, 0.0)

    @property
    def action_arms(self) -> list[int]:
        """Positions of the actions that rows were assigned to at random."""
        return [
            place
            for place, name in enumerate(self.experiment.arms)
            if place > 0 and name not in (POLICY, GLOBAL_CONTROL) and self.is_arm(place).any()
        ]


@dataclass(frozen=True)
class PendingCampaign:
    """Assignments of a campaign whose labels have not matured.

    Attributes:
        campaign: its name.
        treated, control, global_control: number of people by group.
        matures_on: the first day on which all labels are mature.
        cost: expected cost of the treated, in the plan's currency.
    """

    campaign: str
    treated: int
    control: int
    global_control: int
    matures_on: date
    cost: float
