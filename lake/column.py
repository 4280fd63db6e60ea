"""What a column of a raw file is: declared once, checked at import."""

import re
from dataclasses import dataclass, field
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lake.declarations import LATER, DeclarationError, collectable, declaration_text

ColumnType = Literal["string", "bigint", "double", "date", "timestamp"]
NAME = re.compile(r"[a-z][a-z0-9_]*")
NUMBERS = frozenset({"bigint", "double"})
TIMES = frozenset({"date", "timestamp"})


@dataclass(frozen=True)
class Column:
    """A column of a raw file.

    Attributes:
        name: in the lake.
        type: what its text must read as.
        description: one line for the data dictionary.
        raw: what the files call it, where that differs; several names where an export renamed it, and a
            dotted path in JSON lines such as `_id.$oid`.
        lowest, highest: the smallest and the largest number that can be true; another makes the row unusable.
        values: the texts that can be true; empty where any can.
        words: the texts that can be true, each with a readable name, such as `(("card", "1"), ("cash", "2"))`; another
            text makes the row unusable. Each word is a measure of its source, `<column>_<name>`, 1 or 0.
        nullable: whether an empty text is a value (null) or makes the row unusable.
        epoch: whether a timestamp is written as seconds since 1970 UTC.
        personal: whether it identifies a person.
        time_zone: in which a timestamp without an offset is written, such as `America/New_York`; None for the source's.
    """

    name: str
    type: ColumnType
    description: str
    raw: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    values: tuple[str, ...] = ()
    nullable: bool = False
    epoch: bool = False
    personal: bool = False
    words: tuple[tuple[str, str], ...] = field(default=(), metadata=LATER)
    time_zone: str | None = field(default=None, metadata=LATER)

    __repr__ = declaration_text

    @collectable
    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise DeclarationError(f"Column name {self.name!r} must be lower-case letters, digits and underscores.")
        if self.type not in get_args(ColumnType):
            raise DeclarationError(
                f"Column {self.name}: no type {self.type}; there are {', '.join(get_args(ColumnType))}."
            )
        if (self.lowest, self.highest) != (None, None) and self.type not in NUMBERS:
            raise DeclarationError(
                f"Column {self.name}: only a number has a lowest value or a highest, its type is {self.type}."
            )
        self._check_words()
        if self.values and self.type != "string":
            raise DeclarationError(f"Column {self.name}: only a string has a list of values, its type is {self.type}.")
        if self.epoch and self.type != "timestamp":
            raise DeclarationError(
                f"Column {self.name}: only a timestamp is written as an epoch, its type is {self.type}."
            )

        if self.time_zone is not None:
            if self.type != "timestamp" or self.epoch:
                raise DeclarationError(
                    f"Column {self.name}: only a timestamp that is no epoch has a time zone, its type is {self.type}."
                )
            check_time_zone(f"Column {self.name}", self.time_zone)

    def _check_words(self) -> None:
        """Check the words, and set `values` to their texts."""
        names, texts = [name for name, _ in self.words], tuple(text for _, text in self.words)
        for name, text in self.words:
            if not NAME.fullmatch(name):
                raise DeclarationError(
                    f"Column {self.name}: the name {name!r} of the word {text!r} must be lower-case letters, digits "
                    "and underscores."
                )
        if len(set(names)) != len(names) or len(set(texts)) != len(texts):
            raise DeclarationError(f"Column {self.name}: each word needs its own name and text, it has {self.words}.")
        if self.words and self.values not in ((), texts):
            raise DeclarationError(f"Column {self.name}: give it `values` or `words`, not both.")
        if self.words:
            object.__setattr__(self, "values", texts)

    @property
    def word_measures(self) -> tuple[tuple[str, str], ...]:
        """The measure of each word, and its SQL."""
        return tuple((f"{self.name}_{name}", f"int({self.name} = {quoted(text)})") for name, text in self.words)

    @property
    def raw_names(self) -> tuple[str, ...]:
        """What a file may call it."""
        return self.raw or (self.name,)


@dataclass(frozen=True, repr=False)
class Constant(Column):
    """A column that no file holds: `text` stands in every row."""

    text: str = ""


def quoted(text: str) -> str:
    """A text as a literal of Spark's SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def check_time_zone(owner: str, name: str) -> None:
    """Check that a time zone exists.

    Raises:
        DeclarationError: it does not.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise DeclarationError(
            f"{owner}: time zone {name} does not exist; give a name such as Europe/Moscow."
        ) from None
