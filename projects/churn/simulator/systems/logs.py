"""A log: rows that became known one after another, to be cut into drops."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from projects.churn.simulator.calendar import DAY
from projects.churn.simulator.columns import Flags, Ints
from projects.churn.simulator.streams import Streams

Fields: TypeAlias = dict[str, NDArray[Any]]
Texts: TypeAlias = Mapping[str, Any]

LATE = 0.02
SENT_TWICE = 0.005
LOST = 0.01
#: one line in so many has a text where a number belongs.
MALFORMED = 20_000
GARBLED = "n/a"


@dataclass(frozen=True)
class Log:
    """Rows of one export.

    Args:
        file: its name in a drop.
        known: (n,) when each row was received.
        fields: (n,) arrays that `render` turns into columns of text.
        render: makes the columns, in the order of the header.
        number: the column that is garbled in a malformed line.
    """

    file: str
    known: Ints
    fields: Fields
    render: Callable[[Fields], Texts]
    number: str = ""

    def rows(self, numbers: Ints) -> Fields:
        """Some of the rows."""
        return {name: values[numbers] for name, values in self.fields.items()}

    def until(self, end: int) -> "Log":
        """Only what has happened before `end`, told by the field `at`."""
        happened = np.flatnonzero(self.fields["at"] < end)
        return replace(self, known=self.known[happened], fields=self.rows(happened))


def before(at: Ints, end: int) -> Ints:
    """Rows that happen before `end`, in the order of time."""
    order = np.argsort(at, kind="stable")
    return order[at[order] < end]


def delays(streams: Streams, count: int) -> Ints:
    """Seconds until a row is received: mostly minutes, for some days."""
    late = streams.of("late").random(count) < LATE
    days = streams.of("days").integers(DAY, 6 * DAY, count)
    return np.where(late, days, streams.of("minutes").integers(5, 1200, count))


@dataclass(frozen=True)
class Receipt:
    """Numbers of the rows in the order of receiving, and which of those lines are malformed."""

    rows: Ints
    garbled: Flags


def receive(streams: Streams, known: Ints, until: int, lossless: bool) -> Receipt:
    """What arrives: some rows are lost, some are sent twice, and now and then one of two copies is malformed."""
    count = len(known)
    lost = np.zeros(count, dtype=np.bool_) if lossless else streams.of("lost").random(count) < LOST
    rows = np.flatnonzero(~lost & (known < until))
    twice = streams.of("twice").random(len(rows)) < SENT_TWICE
    broken = twice & (streams.of("broken").random(len(rows)) < 1 / (MALFORMED * SENT_TWICE))
    copies = np.repeat(rows, 1 + twice)
    first = np.ones(len(copies), dtype=np.bool_)
    first[1:] = copies[1:] != copies[:-1]
    order = np.argsort(known[copies], kind="stable")
    return Receipt(copies[order], (~first & np.repeat(broken, 1 + twice))[order])


@dataclass(frozen=True)
class Arrived:
    """A log and what of it arrived."""

    log: Log
    receipt: Receipt

    def sent_twice(self) -> float:
        """How many of the arrived rows did so twice, as a share."""
        rows = len(np.unique(self.receipt.rows))
        return len(self.receipt.rows) / max(1, rows) - 1
