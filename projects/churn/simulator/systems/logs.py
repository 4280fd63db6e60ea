"""Logs: the rows of one export in the order of receipt, with lost, duplicated and malformed rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from projects.churn.simulator.columns import Fields, Flags, Ints
from projects.churn.simulator.streams import Streams

Texts: TypeAlias = Mapping[str, Any]

DUPLICATE_SHARE = 0.005
LOST_SHARE = 0.01
#: one line in this many has `MALFORMED_NUMBER` in place of a number.
LINES_PER_MALFORMED = 20_000
MALFORMED_NUMBER = "n/a"


@dataclass(frozen=True)
class Log:
    """Rows of one export.

    Args:
        file: name of the file in a batch.
        received_at: (n,) moment at which each row was received.
        fields: arrays (n,) that `render` turns into columns of text.
        render: turns fields into columns, in the order of the header.
        number: the numeric column that is replaced in a malformed line; empty for a log without malformed lines.
    """

    file: str
    received_at: Ints
    fields: Fields
    render: Callable[[Fields], Texts]
    number: str = ""

    def rows(self, numbers: Ints) -> Fields:
        """The fields of the rows with these numbers."""
        return {name: values[numbers] for name, values in self.fields.items()}

    def until(self, end: int) -> "Log":
        """The log of the rows whose field `at` is before `end`."""
        happened = np.flatnonzero(self.fields["at"] < end)
        return replace(self, received_at=self.received_at[happened], fields=self.rows(happened))


@dataclass(frozen=True)
class Receipt:
    """Row numbers in the order of receipt, duplicates included, and a mask of the malformed lines."""

    rows: Ints
    malformed: Flags


def receive(streams: Streams, received_at: Ints, until: int, lossless: bool) -> Receipt:
    """Draw the received rows: some are lost, some are duplicated, and few duplicates are malformed.

    Args:
        streams: the streams of the log.
        received_at: (n,) moment at which each row is received.
        until: rows received from this moment on are left out.
        lossless: whether no row is lost.
    """
    count = len(received_at)
    lost = np.zeros(count, dtype=np.bool_) if lossless else streams.generator("lost").random(count) < LOST_SHARE
    rows = np.flatnonzero(~lost & (received_at < until))
    twice = streams.generator("twice").random(len(rows)) < DUPLICATE_SHARE
    broken = twice & (streams.generator("broken").random(len(rows)) < 1 / (LINES_PER_MALFORMED * DUPLICATE_SHARE))
    copies = np.repeat(rows, 1 + twice)
    first = np.ones(len(copies), dtype=np.bool_)
    first[1:] = copies[1:] != copies[:-1]
    order = np.argsort(received_at[copies], kind="stable")
    return Receipt(copies[order], (~first & np.repeat(broken, 1 + twice))[order])


@dataclass(frozen=True)
class ReceivedLog:
    """A log and its received rows."""

    log: Log
    receipt: Receipt

    def duplicate_share(self) -> float:
        """Number of duplicates as a share of the distinct received rows."""
        rows = len(np.unique(self.receipt.rows))
        return len(self.receipt.rows) / max(1, rows) - 1
