"""A row of `mart.campaign_lift`: counts, retention, lift, people kept, money and a verdict."""

from dataclasses import dataclass
from datetime import date

from actions.lift.measure.comparison import GroupComparison
from actions.lift.measure.estimate import LiftEstimate

#: value of `campaign`, `action` and `segment` for everything together.
ALL_CAMPAIGNS, ALL_ACTIONS, ALL_SEGMENTS = "all campaigns", "all", "all"
CAMPAIGN_CONTROL, GLOBAL_CONTROL_GROUP = "campaign control", "global control"
#: conclusions.
BETTER, HARMED, NO_DIFFERENCE = "better", "harmed", "no difference"
TOO_FEW, NOT_KNOWN_YET = "too few people", "not known yet"
#: largest p-value of a difference that is called one.
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class LiftRow:
    """One comparison of one group of people.

    Attributes:
        campaign, action, segment: the rows compared; `ALL_...` for everything together.
        comparison: `CAMPAIGN_CONTROL` or `GLOBAL_CONTROL_GROUP`.
        matures_on: the first day on which the labels of all its people are mature.
        treated, control: number of people of the campaign; of people times campaigns in the row of all campaigns.
        cost: of the contacts and offers of the treated, in the plan's currency.
        value: of a person kept.
        estimate: None where nothing can be estimated.
        adjusted_p_value: controls the false discovery rate within a campaign's groups; NaN without an estimate.
        pending: number of people whose labels have not matured and who are in none of the figures.
    """

    campaign: str
    action: str
    segment: str
    comparison: str
    matures_on: date
    treated: int
    control: int
    cost: float
    value: float
    estimate: LiftEstimate | None
    adjusted_p_value: float = float("nan")
    pending: int = 0

    @classmethod
    def of(
        cls, key: tuple[str, str, str, str], matures_on: date, pair: GroupComparison, estimate: LiftEstimate | None,
        value: float,
    ) -> "LiftRow":  # fmt: skip
        """The row of a comparison; the adjusted p-value is its own until the groups of its campaign are known."""
        p_value = float("nan") if estimate is None else estimate.p_value
        return cls(*key, matures_on, pair.treated_count, pair.control_count, pair.total_cost, value, estimate, p_value)

    @property
    def is_whole(self) -> bool:
        """Whether it compares all people of its campaign, or of all campaigns."""
        return self.action == ALL_ACTIONS and self.segment == ALL_SEGMENTS

    @property
    def name(self) -> str:
        """The group that is compared, in words."""
        parts = [f"action {self.action}"] if self.action != ALL_ACTIONS else []
        parts += [self.segment] if self.segment != ALL_SEGMENTS else []
        return ", ".join(parts) or "everybody"

    @property
    def people_kept(self) -> tuple[float, float, float] | None:
        """People kept by the contacts, with the interval: lift times treated."""
        if self.estimate is None:
            return None
        lift = self.estimate
        return self.treated * lift.value, self.treated * lift.low, self.treated * lift.high

    @property
    def money(self) -> tuple[float, float, float] | None:
        """Value of the people kept minus the cost, with the interval, in the plan's currency."""
        if self.people_kept is None:
            return None
        value, low, high = (self.value * people - self.cost for people in self.people_kept)
        return value, low, high

    @property
    def conclusion(self) -> str:
        """`BETTER`, `HARMED`, `NO_DIFFERENCE`, `TOO_FEW` or `NOT_KNOWN_YET`."""
        if self.estimate is None:
            return NOT_KNOWN_YET if self.pending else TOO_FEW
        if self.adjusted_p_value >= SIGNIFICANCE:
            return NO_DIFFERENCE
        return BETTER if self.estimate.value > 0 else HARMED
