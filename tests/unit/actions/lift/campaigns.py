"""Simulated campaigns with known effects, for the tests of lift."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from actions.experiment import Experiment
from actions.lift.measure.lift_row import LiftRow
from actions.lift.measure.measurement import LiftMeasurement
from actions.lift.rows.campaign_rows import GLOBAL_CONTROL, CampaignRows, PendingCampaign
from training import Slice

ARMS = ("control", "email_none_1", "sms_discount_1")
SEGMENTS = (Slice("tenure", "tenure_days", (90,)), Slice("region", "in_a_capital", (1,), ("elsewhere", "capital")))
REACH, VALUE = timedelta(days=32), 1_000.0


def campaign(
    people: int = 4_000, lift: float = 0.0, seed: int = 0, name: str = "c1", day: str = "2026-01-10",
    control_share: float = 0.2, *, has_score: bool = True, sms_lift: float | None = None, prefix: str = "u",
) -> Experiment:  # fmt: skip
    """A campaign whose actions change the probability of staying by `lift`; half of the people may get an SMS."""
    random = np.random.default_rng(seed)
    risk = random.beta(1.5, 6, people)
    allowed = np.column_stack([np.zeros(people), np.ones(people), random.random(people) < 0.5])
    probability = allowed * (1 - control_share) / allowed.sum(axis=1, keepdims=True)
    probability[:, 0] = control_share
    arm = (random.random((people, 1)) > probability.cumsum(axis=1)).sum(axis=1).clip(max=2)
    effect = np.array([0.0, lift, lift if sms_lift is None else sms_lift])
    outcome = (random.random(people) < 1 - risk + effect[arm]).astype(float)
    return Experiment(
        names=("tenure_days", "in_a_capital"),
        rows=np.column_stack([random.integers(0, 180, people), random.integers(0, 2, people)]).astype(float),
        people=np.array([f"{prefix}{number}" for number in range(people)], dtype=object),
        campaigns=np.full(people, name, dtype=object),
        assigned_on=np.full(people, np.datetime64(day)),
        arms=ARMS,
        arm=arm,
        probability=probability,
        outcome=outcome,
        cost=np.array([0.0, 1.0, 20.0]),
        baseline=risk if has_score else np.full(people, np.nan),
    )


def with_global_control(data: Experiment, share: float = 0.1, seed: int = 0) -> Experiment:
    """The campaign with some of its people in the global control group, who stay as control people do."""
    is_global = np.random.default_rng(seed).random(len(data)) < share
    stays = np.random.default_rng(seed + 1).random(len(data)) < 1 - data.baseline
    return replace(
        data,
        arms=(*data.arms, GLOBAL_CONTROL),
        arm=np.where(is_global, len(data.arms), data.arm),
        probability=np.column_stack([data.probability * (1 - share), np.full(len(data), share)]),
        outcome=np.where(is_global, stays, data.outcome),
        cost=np.append(data.cost, 0.0),
    )


def together(*parts: Experiment) -> Experiment:
    """The rows of campaigns with the same arms."""
    names = ("rows", "people", "campaigns", "assigned_on", "arm", "probability", "outcome", "baseline")
    return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def measured(data: Experiment, *pending: PendingCampaign, segments: tuple[Slice, ...] = SEGMENTS) -> list[LiftRow]:
    """All rows of lift of these campaigns."""
    return LiftMeasurement(CampaignRows.of(data), pending, segments, VALUE, REACH).measure()


def waiting(name: str, treated: int = 90, control: int = 10, global_control: int = 0) -> PendingCampaign:
    """A campaign whose labels mature on 2026-11-02."""
    return PendingCampaign(name, treated, control, global_control, date(2026, 11, 2), 90.0)
