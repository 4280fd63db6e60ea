"""Measured lift of simulated campaigns with known effects: coverage, widths, and false differences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from actions.experiment import Experiment, Floats
from actions.lift.measure.comparison import GroupComparison, compare_action, compare_with_control
from actions.lift.measure.estimate import ADJUSTED, LiftEstimate, estimate_lift
from actions.lift.measure.lift_row import ALL_CAMPAIGNS, BETTER, HARMED, LiftRow
from actions.lift.measure.measurement import LiftMeasurement
from actions.lift.measure.segments import segment_masks
from actions.lift.rows.campaign_rows import CampaignRows
from training import Slice

CAMPAIGNS, SEED = 200, 20260101
ARMS = ("control", "push_none_1", "email_discount_1", "sms_discount_2")
#: change of the log-odds of leaving by each arm, times the person's response.
STRENGTH = np.array([0.0, 0.3, 0.7, 1.0])
COST = np.array([0.0, 1.0, 40.0, 60.0])
NAMES = ("tenure", "age", "device", "region")
SEGMENTS = (
    Slice("tenure", "tenure", (1, 2)), Slice("age", "age", (1, 2, 3)), Slice("device", "device", (1,)),
    Slice("region", "region", (1, 2, 3, 4)),
)  # fmt: skip
#: response by tenure: helped, unchanged, harmed.
RESPONSE = np.array([-0.8, 0.0, 0.6])
RANGES = (3, 4, 2, 5)


@dataclass(frozen=True)
class Size:
    """People of a simulated campaign and the share in its control group."""

    people: int
    control_share: float


SIZES = (Size(400, 0.1), Size(2_000, 0.1), Size(10_000, 0.1), Size(10_000, 0.3))


@dataclass(frozen=True)
class SimulatedCampaign:
    """Rows of a campaign, and the true probability (n, k) of staying under each arm."""

    experiment: Experiment
    stay: Floats

    def true_lift(self, arms: Sequence[int], mask: NDArray[np.bool_]) -> float:
        """Mean effect of these arms, mixed as the design does, over the rows of the mask that can get them."""
        probability = self.experiment.probability[mask][:, arms]
        gains = self.stay[mask][:, arms] - self.stay[mask][:, :1]
        chance = probability.sum(axis=1)
        can = chance > 0
        return float(((probability * gains).sum(axis=1)[can] / chance[can]).mean())


def main() -> None:
    """Print the tables of `docs/numbers.md`."""
    print(f"\n{CAMPAIGNS} simulated campaigns per line; intervals of 95%\n")
    print("| people | in control | rows | coverage, plain | coverage, adjusted | width, adjusted to plain |")
    print("|---|---|---|---|---|---|")
    for size in SIZES:
        _print_coverage(size)
    print("\n| people | in control | campaigns called better, no effects | called harmed | any group named "
          "| false among named groups, with effects | groups named per campaign |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for size in SIZES:
        _print_errors(size)


def simulate(size: Size, seed: int, *, has_effects: bool) -> SimulatedCampaign:
    """One campaign: scores before it, people who cannot get every action, effects that differ by tenure."""
    random = np.random.default_rng([SEED, size.people, round(100 * size.control_share), seed])
    segments = np.column_stack([random.integers(0, ranges, size.people) for ranges in RANGES]).astype(float)
    latent = random.normal(0, 1.1, size.people)
    risk = -2.3 + latent + random.normal(0, 0.6, size.people)
    response = RESPONSE[segments[:, 0].astype(int)] * has_effects
    stay = 1 - expit(risk[:, None] + response[:, None] * STRENGTH)
    allowed = random.random((size.people, len(ARMS))) < 0.7
    allowed[:, 0] = False
    allowed[~allowed.any(axis=1), 1] = True
    probability = np.where(allowed, (1 - size.control_share) / allowed.sum(axis=1, keepdims=True), 0.0)
    probability[:, 0] = size.control_share
    arm = (random.random(size.people)[:, None] > probability.cumsum(axis=1)).sum(axis=1).clip(max=len(ARMS) - 1)
    outcome = (random.random(size.people) < stay[np.arange(size.people), arm]).astype(float)
    experiment = Experiment(
        names=NAMES, rows=segments, people=np.arange(size.people).astype(object),
        campaigns=np.full(size.people, f"campaign {seed}", dtype=object),
        assigned_on=np.full(size.people, np.datetime64("2026-01-01")), arms=ARMS, arm=arm, probability=probability,
        outcome=outcome, cost=COST, baseline=expit(-2.2 + latent),
    )  # fmt: skip
    return SimulatedCampaign(experiment, stay)


def _comparisons(campaign: SimulatedCampaign) -> Iterator[tuple[str, GroupComparison, float]]:
    """Kind of comparison, its rows and its true lift."""
    rows, actions = CampaignRows.of(campaign.experiment), [1, 2, 3]
    everybody = np.ones(len(rows), dtype=np.bool_)
    yield "whole campaigns", compare_with_control(rows), campaign.true_lift(actions, everybody)
    for arm in actions:
        yield "actions", compare_action(rows, arm), campaign.true_lift([arm], everybody)
    for _, mask in segment_masks(SEGMENTS, campaign.experiment):
        yield "segments", compare_with_control(rows.select(mask)), campaign.true_lift(actions, mask)


def _print_coverage(size: Size) -> None:
    hits: dict[str, list[tuple[bool, bool, float]]] = {}
    for seed in range(CAMPAIGNS):
        for kind, pair, truth in _comparisons(simulate(size, seed, has_effects=True)):
            plain, adjusted = estimate_lift(pair, adjust=False), estimate_lift(pair)
            if plain is None or adjusted is None:
                continue
            ratio = _width(adjusted) / _width(plain) if adjusted.method == ADJUSTED else float("nan")
            hits.setdefault(kind, []).append((_covers(plain, truth), _covers(adjusted, truth), ratio))
    for kind, values in hits.items():
        plain_share, adjusted_share, ratio = (
            np.nanmean(column) if not np.isnan(column).all() else float("nan")
            for column in np.array(values, dtype=float).T
        )
        print(
            f"| {size.people:,} | {size.control_share:.0%} | {len(values):,} {kind} | {plain_share:.1%} "
            f"| {adjusted_share:.1%} | {'none adjusted' if np.isnan(ratio) else f'{ratio:.2f}'} |",
            flush=True,
        )


def _print_errors(size: Size) -> None:
    null = [_rows(simulate(size, seed, has_effects=False)) for seed in range(CAMPAIGNS)]
    better, harmed = (np.mean([rows[0].conclusion == conclusion for rows in null]) for conclusion in (BETTER, HARMED))
    any_named = np.mean([any(_is_named(row) for row in rows[1:]) for rows in null])
    false_shares, named = [], []
    for seed in range(CAMPAIGNS):
        campaign = simulate(size, seed, has_effects=True)
        truths = _true_lifts(campaign)
        groups = [row for row in _rows(campaign)[1:] if _is_named(row)]
        false_count = sum(_is_false(row, truths[row.action, row.segment]) for row in groups)
        false_shares.append(false_count / max(1, len(groups)))
        named.append(len(groups))
    print(
        f"| {size.people:,} | {size.control_share:.0%} | {better:.1%} | {harmed:.1%} | {any_named:.1%} "
        f"| {np.mean(false_shares):.1%} | {np.mean(named):.1f} |",
        flush=True,
    )


def _rows(campaign: SimulatedCampaign) -> list[LiftRow]:
    """The campaign's row, then its groups."""
    rows = CampaignRows.of(campaign.experiment)
    measured = LiftMeasurement(rows, (), SEGMENTS, 1200.0, timedelta(32)).measure()
    return [row for row in measured if row.campaign != ALL_CAMPAIGNS]


def _true_lifts(campaign: SimulatedCampaign) -> dict[tuple[str, str], float]:
    everybody, arms = np.ones(len(campaign.experiment), dtype=np.bool_), range(1, len(ARMS))
    actions = {(ARMS[arm], "all"): campaign.true_lift([arm], everybody) for arm in arms}
    masks = segment_masks(SEGMENTS, campaign.experiment)
    return actions | {("all", name): campaign.true_lift([*arms], mask) for name, mask in masks}


def _is_named(row: LiftRow) -> bool:
    return row.conclusion in {BETTER, HARMED}


def _is_false(row: LiftRow, truth: float) -> bool:
    """Whether a named group has no effect, or one in the other direction."""
    return row.estimate is not None and (abs(truth) < 1e-12 or (row.estimate.value > 0) != (truth > 0))


def _covers(lift: LiftEstimate, truth: float) -> bool:
    return lift.low <= truth <= lift.high


def _width(lift: LiftEstimate) -> float:
    return lift.high - lift.low
