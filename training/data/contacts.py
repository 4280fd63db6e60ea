"""Contacts of people by our own campaigns, which influence the labels of these people."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.frame import Frame

#: days between two people in a sorted list of all contacts; more than any calendar has.
PERSON_DAYS = 10_000_000


@dataclass(frozen=True)
class Contacts:
    """Days on which people were contacted; n contacts.

    Attributes:
        people: (n,), entity of each contact, as text.
        days: (n,), datetime64[D], in the project's time zone.
    """

    people: NDArray[np.object_]
    days: NDArray[np.datetime64]

    def __len__(self) -> int:
        """Number of contacts."""
        return len(self.people)

    def within_label(
        self, entity: NDArray[np.object_] | NDArray[np.int_], as_of: NDArray[np.datetime64], reach: timedelta
    ) -> NDArray[np.bool_]:
        """Mask (n,) of the snapshot rows whose person was contacted within the window of the label.

        The window begins at the snapshot date and lasts for horizon and grace.

        Args:
            entity: (n,), person of each row.
            as_of: (n,), snapshot date of each row.
            reach: horizon and grace of the label.
        """
        codes, _ = pd.factorize(np.concatenate([self.people.astype(str), entity.astype(str)]).astype(object))
        contacts = np.sort(codes[: len(self)] * PERSON_DAYS + _day_numbers(self.days))
        start = codes[len(self) :] * PERSON_DAYS + _day_numbers(as_of)
        return np.asarray(np.searchsorted(contacts, start + reach.days) > np.searchsorted(contacts, start))

    def leave_out(self, frame: Frame, reach: timedelta) -> Frame:
        """The rows of people who were not contacted within the window of their label."""
        return frame.only(~self.within_label(frame.entity, frame.as_of, reach))


def _day_numbers(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    return days.astype("datetime64[D]").astype(np.int64)
