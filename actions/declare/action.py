"""An action: a channel, an offer and a number of contacts."""

import math
import re
from dataclasses import dataclass
from datetime import time

from lake.declarations import DeclarationError, collectable

NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
#: the most contacts of one action.
MOST_CONTACTS = 5


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A way to reach people.

    Attributes:
        name: such as `email`.
        cost: of one contact, in the plan's currency.
        where: condition over the snapshot's columns: people who accept this channel.
        daily_capacity: the most contacts of one day; None for no limit.
        frequency_cap: the most contacts of a person by this channel within `cap_days`.
        cap_days: length of the window of `frequency_cap`, in days.
        gap_days: days between two contacts of an action.
        quiet_hours: (from, until), local time of the project; no contact is planned between. None for no such hours.
    """

    name: str
    cost: float
    where: str
    daily_capacity: int | None = None
    frequency_cap: int = 4
    cap_days: int = 30
    gap_days: int = 3
    quiet_hours: tuple[time, time] | None = None

    @collectable
    def __post_init__(self) -> None:
        check_name("Channel", self.name)
        check_amount(f"Channel {self.name}: cost", self.cost)
        if not self.where.strip():
            raise DeclarationError(
                f"Channel {self.name}: where is empty; give the condition of the people who accept it, or 'true'."
            )
        if self.daily_capacity is not None and self.daily_capacity < 1:
            raise DeclarationError(
                f"Channel {self.name}: daily_capacity is {self.daily_capacity}, it must be 1 or more, or None."
            )
        for field in ("frequency_cap", "cap_days", "gap_days"):
            if getattr(self, field) < 1:
                raise DeclarationError(f"Channel {self.name}: {field} is {getattr(self, field)}, it must be 1 or more.")
        if self.quiet_hours is not None and self.quiet_hours[0] == self.quiet_hours[1]:
            raise DeclarationError(f"Channel {self.name}: quiet_hours leave no time to send; give two different times.")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a contact offers.

    Attributes:
        name: such as `discount_20`; `none` is a reminder without an offer.
        cost: expected cost for each person who gets the offer, in the plan's currency.
        where: condition over the snapshot's columns: people who may get it.
        daily_capacity: the most offers of one day; None for no limit.
    """

    name: str
    cost: float
    where: str = "true"
    daily_capacity: int | None = None

    @collectable
    def __post_init__(self) -> None:
        check_name("Offer", self.name)
        check_amount(f"Offer {self.name}: cost", self.cost)
        if self.daily_capacity is not None and self.daily_capacity < 1:
            raise DeclarationError(
                f"Offer {self.name}: daily_capacity is {self.daily_capacity}, it must be 1 or more, or None."
            )


@dataclass(frozen=True, kw_only=True)
class Action:
    """A channel, an offer and a number of contacts.

    >>> Action(channel="email", offer="discount_20", contacts=2).name
    'email_discount_20_2'
    """

    channel: str
    offer: str
    contacts: int = 1

    @collectable
    def __post_init__(self) -> None:
        if not 1 <= self.contacts <= MOST_CONTACTS:
            raise DeclarationError(
                f"Action {self.name}: contacts is {self.contacts}, it must be from 1 to {MOST_CONTACTS}."
            )

    @property
    def name(self) -> str:
        """Its name in tables, models and lists: `<channel>_<offer>_<contacts>`."""
        return f"{self.channel}_{self.offer}_{self.contacts}"


def check_name(kind: str, name: str) -> None:
    """Check the name of a declaration.

    Raises:
        DeclarationError: it is not a lower-case name.
    """
    if not NAME.fullmatch(name):
        raise DeclarationError(
            f"{kind} {name!r}: its name must be at most 31 lower-case letters, digits and underscores, a letter first."
        )


def check_amount(what: str, amount: float) -> None:
    """Check an amount of money.

    Raises:
        DeclarationError: it is negative or not finite.
    """
    if not (isinstance(amount, int | float) and 0 <= amount < math.inf):
        raise DeclarationError(f"{what} is {amount}, it must be an amount of 0 or more.")
