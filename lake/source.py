"""What a source is: declared once, checked at import."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from stack.errors import PrichalError

ColumnType = Literal["string", "bigint", "double", "date", "timestamp"]
NAME = re.compile(r"[a-z][a-z0-9_]*")
#: the column that the lake adds, to keep rows by the month they happened in.
MONTH = "event_month"


class DeclarationError(PrichalError):
    """A declaration contradicts itself or names something that does not exist."""


@dataclass(frozen=True)
class Column:
    """A column of a raw file.

    Attributes:
        name: as in the file's header.
        type: what its text must read as.
        lowest: the smallest number that can be true; a smaller one makes the row unusable.
        nullable: whether an empty text is a value (null) or makes the row unusable.
        personal: whether it identifies a person.
        description: one line for the data dictionary.
    """

    name: str
    type: ColumnType
    description: str
    lowest: float | None = None
    nullable: bool = False
    personal: bool = False

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise DeclarationError(f"Column name {self.name!r} must be lower-case letters, digits and underscores.")
        if self.type not in get_args(ColumnType):
            raise DeclarationError(
                f"Column {self.name}: no type {self.type}; there are {', '.join(get_args(ColumnType))}."
            )
        if self.lowest is not None and self.type not in {"bigint", "double"}:
            raise DeclarationError(f"Column {self.name}: only a number has a lowest value, its type is {self.type}.")


@dataclass(frozen=True)
class Source:
    """A log of dated events about entities, as CSV files (gzip allowed) with a header.

    Attributes:
        name: prefix of its features, such as `purchases`.
        files: which files of the raw folder belong to it, a glob such as `purchases*.csv*`.
        entity: the column that says whom a row is about.
        event_time: the column that says when it happened.
        known_time: the column that says when it reached us; None where rows are known on the day they happen.
        columns: every column of the files.
        key: the columns that identify an event: two rows with one key are one event seen twice. None where
            the log has no such key, and then equal rows are separate events.
        max_quarantined: share of unusable rows above which nothing of the source is published.
    """

    name: str
    files: str
    entity: str
    event_time: str
    columns: tuple[Column, ...]
    known_time: str | None = None
    key: tuple[str, ...] | None = None
    max_quarantined: float = 0.01

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise DeclarationError(f"Source name {self.name!r} must be lower-case letters, digits and underscores.")
        self._check_columns()
        times = [self.event_time] + ([self.known_time] if self.known_time else [])
        for time in times:
            if self.column(time).type not in {"date", "timestamp"}:
                raise DeclarationError(
                    f"Source {self.name}: {time} is a {self.column(time).type}, not a date or timestamp."
                )
        for name in (self.entity, *times, *(self.key or ())):
            if self.column(name).nullable:
                raise DeclarationError(f"Source {self.name}: {name} must not be nullable, a row is nothing without it.")
        if not 0 <= self.max_quarantined <= 1:
            raise DeclarationError(
                f"Source {self.name}: max_quarantined {self.max_quarantined} must be a share from 0 to 1."
            )

    def _check_columns(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise DeclarationError(f"Source {self.name}: a column is declared twice in {', '.join(names)}.")
        if MONTH in names:
            raise DeclarationError(f"Source {self.name}: {MONTH} is the lake's own column: call yours otherwise.")

    def column(self, name: str) -> Column:
        """The declared column `name`.

        Raises:
            DeclarationError: there is none; the sentence lists those there are.
        """
        for column in self.columns:
            if column.name == name:
                return column
        known = ", ".join(column.name for column in self.columns)
        raise DeclarationError(f"Source {self.name} has no column {name}; it has {known}.")
