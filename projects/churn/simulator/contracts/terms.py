"""A period: a trial or a paid one, as it stands when it begins."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints

AUTO, OPT_IN, PAID = 0, 1, 2
TRIAL_KINDS = ("auto", "opt_in")
#: a renewal is decided in the last days of a period.
DECIDING = 30 * DAY


@dataclass(frozen=True)
class Terms(Columns):
    """One row a period.

    `number` counts the paid periods of a subscription from 1, a trial is 0. `subscribed` is when the subscription
    began, `step` the attempt that the period was paid at. `trial_kind` is that of the trial it began with, -1 without.
    """

    user: Ints
    subscription: Ints
    kind: Ints
    number: Ints
    subscribed: Ints
    start: Ints
    end: Ints
    months: Ints
    price: Floats
    promo_until: Ints
    trial_kind: Ints
    trial_until: Ints
    returner: Flags
    card_until: Ints
    step: Ints

    @property
    def deciding(self) -> Ints:
        """When deciding about the end begins."""
        return np.where(self.kind == PAID, np.maximum(self.start, self.end - DECIDING), self.start)
