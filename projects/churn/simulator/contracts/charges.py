"""Charging at the end of a period: expired cards, declines, retries."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints
from projects.churn.simulator.people.people import CARD, People

#: attempts after the first, and the day on which the subscription lapses.
RETRIES = (1 * DAY, 3 * DAY, 5 * DAY)
LAPSE = 7 * DAY
LAPSED = 4
#: declined at the first attempt, by method, times the person's factor for funds.
DECLINED = np.array([0.022, 0.015, 0.045, 0.012])
WORST = 0.6
#: an expired card is replaced before the charge this often.
REPLACED = 0.82
#: recovered at each retry, after a decline and after an expired card.
RECOVERED = np.array([0.42, 0.22, 0.14])
RECOVERED_EXPIRED = np.array([0.22, 0.16, 0.10])
CARD_LIFE = 48
CHARGE_DRAWS = 2 + len(RETRIES)


@dataclass(frozen=True)
class ChargeRisk(Columns):
    """What is known about the coming charge before it: is the card expired by then, how likely is a decline."""

    expired: Flags
    declined: Floats

    def late(self) -> Floats:
        """Probability that access is not restored within two days, in closed form."""
        by_card = (1 - REPLACED) * (1 - RECOVERED_EXPIRED[0])
        healthy = self.declined * (1 - RECOVERED[0])
        return np.asarray(np.where(self.expired, by_card + REPLACED * healthy, healthy), dtype=np.float64)


@dataclass(frozen=True)
class Charge(Columns):
    """How the charge went: `step` is the attempt that succeeded (0 the first), or `LAPSED`.

    `by_card` says that an expired card was declined.
    """

    step: Ints
    by_card: Flags


def charge_risk(people: People, users: Ints, due: Ints, card_until: Ints) -> ChargeRisk:
    """The risk of a charge due at a moment; `card_until` is the end of the card's last day."""
    return ChargeRisk(
        expired=(people.method[users] == CARD) & (card_until <= due),
        declined=np.minimum(WORST, DECLINED[people.method[users]] * people.funds[users]),
    )


def charge(draws: Floats, risk: ChargeRisk) -> Charge:
    """How it goes, by uniform numbers (n, CHARGE_DRAWS)."""
    replaced = risk.expired & (draws[:, 0] < REPLACED)
    by_card = risk.expired & ~replaced
    failed = by_card | (draws[:, 1] < risk.declined)
    odds = np.where(by_card[:, None], RECOVERED_EXPIRED, RECOVERED)
    success = draws[:, 2:] < odds
    retry = np.where(success.any(axis=1), 1 + success.argmax(axis=1), LAPSED)
    step = np.where(failed, retry, 0)
    return Charge(step, by_card)


def paid_after(step: Ints) -> Ints:
    """Seconds between the due moment and the attempt of that step, for `LAPSED` those until the lapse."""
    return np.array([0, *RETRIES, LAPSE], dtype=np.int64)[step]
