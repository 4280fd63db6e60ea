"""Measured lift of campaigns: every comparison as a row, with its verdict."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from actions.lift.measure.comparison import (
    GroupComparison,
    compare_action,
    compare_with_control,
    compare_with_global_control,
)
from actions.lift.measure.estimate import MIN_GROUP_ROWS, estimate_lift
from actions.lift.measure.lift_row import (
    ALL_ACTIONS,
    ALL_CAMPAIGNS,
    ALL_SEGMENTS,
    CAMPAIGN_CONTROL,
    GLOBAL_CONTROL_GROUP,
    LiftRow,
)
from actions.lift.measure.multiple_testing import adjust_p_values
from actions.lift.measure.segments import segment_masks
from actions.lift.rows.campaign_rows import CampaignRows, PendingCampaign
from training import Slice

COMPARISONS = {CAMPAIGN_CONTROL: compare_with_control, GLOBAL_CONTROL_GROUP: compare_with_global_control}


@dataclass(frozen=True)
class LiftMeasurement:
    """Measures all campaigns of a project.

    Attributes:
        rows: matured rows.
        pending: campaigns with assignments whose labels have not matured.
        segments: groups of people that are measured apart.
        value: of a person kept, in the plan's currency.
        reach: time from an assignment until its label is mature.
    """

    rows: CampaignRows
    pending: Sequence[PendingCampaign]
    segments: Sequence[Slice]
    value: float
    reach: timedelta

    def measure(self) -> list[LiftRow]:
        """All rows: all campaigns first, then each campaign in order of time, each with its actions and segments."""
        campaigns = self.rows.experiment.campaigns
        measured = list(self._measure(ALL_CAMPAIGNS, self.rows)) if len(self.rows) else []
        for campaign in self._campaigns():
            measured += self._measure(campaign, self.rows.select(campaigns == campaign))
        pending = {campaign.campaign: campaign for campaign in self.pending}
        rows = [self._with_pending(row, pending) for row in adjust_p_values(measured)]
        return [*rows, *self._not_known_yet(set(self._campaigns()))]

    def _campaigns(self) -> list[str]:
        """Names of the campaigns with matured rows, in order of time."""
        data = self.rows.experiment
        names, first = np.unique(data.campaigns.astype(str), return_index=True)
        starts = [(data.assigned_on[place], name) for place, name in zip(first, names, strict=True)]
        return [str(name) for _, name in sorted(starts)]

    def _measure(self, campaign: str, rows: CampaignRows) -> Iterator[LiftRow]:
        """The whole, then actions and segments with enough people."""
        matures_on = rows.experiment.assigned_on.max().astype("datetime64[D]").item() + self.reach
        for comparison, compare in COMPARISONS.items():
            if comparison == GLOBAL_CONTROL_GROUP and not rows.is_global_control.any():
                continue
            whole = compare(rows)
            yield self._row((campaign, ALL_ACTIONS, ALL_SEGMENTS, comparison), matures_on, whole)
            for action, segment, pair in _groups(rows, comparison, self.segments):
                if min(pair.treated_count, pair.control_count) >= MIN_GROUP_ROWS:
                    yield self._row((campaign, action, segment, comparison), matures_on, pair)

    def _row(self, key: tuple[str, str, str, str], matures_on: date, pair: GroupComparison) -> LiftRow:
        return LiftRow.of(key, matures_on, pair, estimate_lift(pair), self.value)

    def _with_pending(self, row: LiftRow, pending: Mapping[str, PendingCampaign]) -> LiftRow:
        """The row of a whole campaign, with the people whose labels have not matured."""
        campaign = pending.get(row.campaign)
        if campaign is None or not row.is_whole:
            return row
        treated, control = _counts(campaign, row.comparison)
        return replace(row, pending=treated + control, matures_on=max(row.matures_on, campaign.matures_on))

    def _not_known_yet(self, measured: set[str]) -> Iterator[LiftRow]:
        """Rows of campaigns without a matured label."""
        for campaign in sorted(self.pending, key=lambda campaign: (campaign.matures_on, campaign.campaign)):
            if campaign.campaign in measured:
                continue
            for comparison in COMPARISONS:
                treated, control = _counts(campaign, comparison)
                if comparison == CAMPAIGN_CONTROL or control:
                    key = (campaign.campaign, ALL_ACTIONS, ALL_SEGMENTS, comparison)
                    counts = (treated, control, campaign.cost)
                    yield LiftRow(*key, campaign.matures_on, *counts, self.value, None, pending=treated + control)


def _groups(
    rows: CampaignRows, comparison: str, segments: Sequence[Slice]
) -> Iterator[tuple[str, str, GroupComparison]]:
    """Action, segment and comparison of every group; actions are compared with the campaign's control only."""
    arms = rows.action_arms
    if comparison == CAMPAIGN_CONTROL and len(arms) > 1:
        for arm in arms:
            yield rows.experiment.arms[arm], ALL_SEGMENTS, compare_action(rows, arm)
    for segment, mask in segment_masks(segments, rows.experiment):
        yield ALL_ACTIONS, segment, COMPARISONS[comparison](rows.select(mask))


def _counts(campaign: PendingCampaign, comparison: str) -> tuple[int, int]:
    """Treated and control of a comparison."""
    control = campaign.control if comparison == CAMPAIGN_CONTROL else campaign.global_control
    return campaign.treated, control
