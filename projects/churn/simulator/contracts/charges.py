"""Charges at the end of a period: expired cards, declines and retries."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints
from projects.churn.simulator.people.people import CARD, People

#: time of each retry after the due moment, and time after which the subscription lapses.
RETRIES = (1 * DAY, 3 * DAY, 5 * DAY)
LAPSE = 7 * DAY
LAPSED = 4
#: share of first attempts that are declined, by payment method; the person's `funds` multiplies it.
DECLINE_SHARES = np.array([0.022, 0.015, 0.045, 0.012])
MAX_DECLINE_SHARE = 0.6
#: share of expired cards that are replaced before the charge.
REPLACEMENT_SHARE = 0.82
#: probability that each retry succeeds, after a decline and after an expired card.
RECOVERED = np.array([0.42, 0.22, 0.14])
RECOVERED_EXPIRED = np.array([0.22, 0.16, 0.10])
CARD_LIFE = 48
CHARGE_DRAWS = 2 + len(RETRIES)


@dataclass(frozen=True)
class ChargeRisk(Columns):
    """Risk of a coming charge: whether the card will have expired, and the probability of a decline."""

    expired: Flags
    declined: Floats

    def late(self) -> Floats:
        """Probability (n,) that the charge does not succeed within two days, in closed form."""
        by_card = (1 - REPLACEMENT_SHARE) * (1 - RECOVERED_EXPIRED[0])
        healthy = self.declined * (1 - RECOVERED[0])
        return np.asarray(np.where(self.expired, by_card + REPLACEMENT_SHARE * healthy, healthy), dtype=np.float64)


@dataclass(frozen=True)
class Charge(Columns):
    """Result of a charge: `step` is the attempt that succeeded (0 for the first), or `LAPSED`.

    `by_card` says that the first attempt was declined because of an expired card.
    """

    step: Ints
    by_card: Flags


def charge_risk(people: People, users: Ints, due: Ints, card_until: Ints) -> ChargeRisk:
    """Risk of the charges due at the moments `due`; `card_until` is the end of the card's last day."""
    return ChargeRisk(
        expired=(people.method[users] == CARD) & (card_until <= due),
        declined=np.minimum(MAX_DECLINE_SHARE, DECLINE_SHARES[people.method[users]] * people.funds[users]),
    )


def draw_charges(draws: Floats, risk: ChargeRisk) -> Charge:
    """Turn uniform numbers (n, CHARGE_DRAWS) into the results of the charges."""
    replaced = risk.expired & (draws[:, 0] < REPLACEMENT_SHARE)
    by_card = risk.expired & ~replaced
    failed = by_card | (draws[:, 1] < risk.declined)
    odds = np.where(by_card[:, None], RECOVERED_EXPIRED, RECOVERED)
    success = draws[:, 2:] < odds
    retry = np.where(success.any(axis=1), 1 + success.argmax(axis=1), LAPSED)
    step = np.where(failed, retry, 0)
    return Charge(step, by_card)


def paid_after(step: Ints) -> Ints:
    """Seconds from the due moment to the attempt of each step; for `LAPSED`, to the lapse."""
    return np.array([0, *RETRIES, LAPSE], dtype=np.int64)[step]
