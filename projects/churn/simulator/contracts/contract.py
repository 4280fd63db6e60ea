"""Contracts: trials, paid periods, leaving and returning, simulated for all people at once, one period per turn."""

from dataclasses import dataclass, replace

import numpy as np

from projects.churn.simulator.actions import ARM_CHANNELS, ARM_OFFERS, DISCOUNT_20, FREE_MONTH
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints
from projects.churn.simulator.contracts import tariffs
from projects.churn.simulator.contracts.charges import (
    CARD_LIFE,
    CHARGE_DRAWS,
    LAPSED,
    Charge,
    ChargeRisk,
    charge_risk,
    draw_charges,
    paid_after,
)
from projects.churn.simulator.contracts.contacts import draw_contacts
from projects.churn.simulator.contracts.intent import (
    DECISION_DRAWS,
    Intent,
    RenewalDecision,
    draw_decisions,
    make_intent,
)
from projects.churn.simulator.contracts.log_odds import leaving_log_odds
from projects.churn.simulator.contracts.periods import OPT_IN, PAID, Periods
from projects.churn.simulator.contracts.subscription_starts import MONTH, first_subscriptions, returning_subscriptions
from projects.churn.simulator.mailing import Messages, close_channels, open_channels
from projects.churn.simulator.people.people import CARD
from projects.churn.simulator.world import World


@dataclass(frozen=True)
class PeriodOutcome(Columns):
    """One row per period: how it ended. A moment is 0 if the event did not happen.

    `announced` is the price announced when the period began, `due` the price of the next period. `ended` is the moment
    at which access ended without a next period. `late` is the probability, before the charge, that the charge succeeds
    too late. `would_be_late` says whether the drawn charge is too late; it is also drawn for people who cancelled.
    """

    late: Floats
    would_be_late: Flags
    step: Ints
    by_card: Flags
    announced: Floats
    due: Floats
    next_start: Ints
    ended: Ints


@dataclass(frozen=True)
class Contracts:
    """All periods in the order of time; the first four tables agree row by row.

    `messages` are the planned messages of all campaigns, `closes_at` (people, CHANNELS) the moment from which nothing
    is sent by each channel. `subscriptions` is the number of subscriptions.
    """

    periods: Periods
    intent: Intent
    decision: RenewalDecision
    outcome: PeriodOutcome
    messages: Messages
    closes_at: Ints
    subscriptions: int

    def select_rows(self, rows: Ints | Flags) -> "Contracts":
        """The contracts of the given periods; `rows` holds row numbers or a mask."""
        return replace(
            self,
            periods=self.periods.select_rows(rows),
            intent=self.intent.select_rows(rows),
            decision=self.decision.select_rows(rows),
            outcome=self.outcome.select_rows(rows),
        )


@dataclass(frozen=True)
class _Turn:
    """The results of one turn; every person has at most one period in a turn."""

    periods: Periods
    intent: Intent
    decision: RenewalDecision
    outcome: PeriodOutcome
    messages: Messages


def run_contracts(world: World) -> Contracts:
    """Simulate everybody from signing up to the end of the window."""
    periods = first_subscriptions(world)
    closes_at = open_channels(world.people, world.digests)
    turns: list[_Turn] = []
    subscriptions = len(periods)
    while len(periods):
        number = len(turns)
        turn = _run_periods(world, periods, closes_at, number)
        turns.append(turn)
        close_channels(closes_at, turn.messages)
        further = _next_periods(world, periods, turn.outcome)
        back = returning_subscriptions(world, periods, turn.outcome.ended, number, subscriptions)
        subscriptions += len(back)
        periods = Periods.concat([further, back])
        periods = periods.select_rows(periods.start < world.window.end)
    return _sort_by_time(turns, closes_at)


def _sort_by_time(turns: list[_Turn], closes_at: Ints) -> Contracts:
    """Sort periods by time and number subscriptions in that order, so that a number reveals no later event."""
    periods = Periods.concat([turn.periods for turn in turns])
    order = np.lexsort((periods.user, periods.start))
    periods = periods.select_rows(order)
    _, first, row = np.unique(periods.subscription, return_index=True, return_inverse=True)
    return Contracts(
        periods=replace(periods, subscription=np.argsort(np.argsort(first))[row]),
        intent=Intent.concat([turn.intent for turn in turns]).select_rows(order),
        decision=RenewalDecision.concat([turn.decision for turn in turns]).select_rows(order),
        outcome=PeriodOutcome.concat([turn.outcome for turn in turns]).select_rows(order),
        messages=Messages.concat([turn.messages for turn in turns]),
        closes_at=closes_at,
        subscriptions=len(first),
    )


def _run_periods(world: World, periods: Periods, closes_at: Ints, turn: int) -> _Turn:
    generator = world.streams.generator
    parts = leaving_log_odds(world.people, world.latent_states, world.followers, periods)
    # Each turn draws numbers for everybody, so nobody's periods change the draws of others.
    count, user = len(world.people), periods.user
    noise = generator(f"targeting {turn}").standard_normal(count)[user]
    intent = make_intent(world.people, world.campaigns, periods, parts, noise, closes_at[user])
    decision = draw_decisions(
        generator(f"intent {turn}").random((count, DECISION_DRAWS))[user], world.campaigns, periods, intent
    )
    messages = draw_contacts(world, user, decision, turn)
    risk = charge_risk(world.people, user, periods.end, periods.card_until)
    charged = draw_charges(generator(f"charge {turn}").random((count, CHARGE_DRAWS))[user], risk)
    return _Turn(periods, intent, decision, _end_periods(periods, decision, risk, charged, world), messages)


def _end_periods(
    periods: Periods, decision: RenewalDecision, risk: ChargeRisk, charged: Charge, world: World
) -> PeriodOutcome:
    """Decide how each period ends: the next period begins, or access ends."""
    opt_in = periods.kind == OPT_IN
    is_charged = ~opt_in & ~decision.cancelled
    step = np.where(is_charged, charged.step, 0)
    lapsed = is_charged & (step == LAPSED)
    next_start = np.where(opt_in, decision.bought, np.where(is_charged & ~lapsed, periods.end + paid_after(step), 0))
    gone = np.where(opt_in, periods.end + tariffs.GRACE_PERIOD, periods.end + np.where(lapsed, paid_after(step), 0))
    due = tariffs.price(
        periods.months, np.where(opt_in & (next_start > 0), next_start, periods.end), periods.promo_until
    )
    is_dead = world.people.dead_addresses[periods.user, ARM_CHANNELS[decision.arm]]
    offered = np.where(is_dead, -1, ARM_OFFERS[decision.arm])
    reduced = np.select([offered == DISCOUNT_20, offered == FREE_MONTH], [due * 0.8, due - due / periods.months], due)
    return PeriodOutcome(
        late=np.where(opt_in, 0.0, risk.late()),
        would_be_late=~opt_in & (paid_after(charged.step) > tariffs.GRACE_PERIOD),
        step=step,
        by_card=is_charged & charged.by_card,
        announced=tariffs.price(periods.months, periods.start, periods.promo_until),
        due=np.maximum(1.0, np.round(reduced, 2)),
        next_start=next_start,
        ended=np.where(next_start == 0, gone, 0),
    )


def _next_periods(world: World, periods: Periods, outcome: PeriodOutcome) -> Periods:
    """The next paid period of everybody who stays."""
    stays = outcome.next_start > 0
    old, start = periods.select_rows(stays), outcome.next_start[stays]
    expired = (world.people.method[old.user] == CARD) & (old.card_until <= start)
    return Periods(
        user=old.user,
        subscription=old.subscription,
        kind=np.full(len(old), PAID),
        number=old.number + 1,
        subscribed=old.subscribed,
        start=start,
        end=start + tariffs.duration(old.months),
        months=old.months,
        price=outcome.due[stays],
        promo_until=old.promo_until,
        trial_kind=old.trial_kind,
        trial_until=old.trial_until,
        returner=old.returner,
        card_until=np.where(expired, old.card_until + CARD_LIFE * MONTH, old.card_until),
        step=outcome.step[stays],
    )
