"""Periods: trials and paid periods, with the terms that hold when they begin."""

from dataclasses import dataclass

import numpy as np

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Columns, Flags, Floats, Ints

AUTO, OPT_IN, PAID = 0, 1, 2
TRIAL_KINDS = ("auto", "opt_in")
#: length of the time at the end of a paid period in which people decide about the renewal.
DECISION_SECONDS = 30 * DAY


@dataclass(frozen=True)
class Periods(Columns):
    """One row per period.

    `number` counts the paid periods of a subscription from 1; a trial has 0. `subscribed` is the start of the
    subscription, `step` the attempt at which the period was paid. `trial_kind` is the kind of the subscription's trial,
    -1 without a trial.
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
    def decision_start(self) -> Ints:
        """The moment from which people decide about the end of the period."""
        return np.where(self.kind == PAID, np.maximum(self.start, self.end - DECISION_SECONDS), self.start)
