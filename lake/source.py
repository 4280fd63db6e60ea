"""What a source is: declared once, checked at import."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

from lake.declarations import DeclarationError, collectable
from lake.dialect import PRESETS, Dialect

ColumnType = Literal["string", "bigint", "double", "date", "timestamp"]
Format = Literal["csv", "tsv", "jsonl", "parquet"]
NAME = re.compile(r"[a-z][a-z0-9_]*")
#: columns that the lake adds: the month a row happened in, hashes of its key and of all of it, the drop it came with.
MONTH, HASH, CONTENT, DROP = "event_month", "_hash", "_content", "_drop"
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
        nullable: whether an empty text is a value (null) or makes the row unusable.
        epoch: whether a timestamp is written as seconds since 1970 UTC.
        personal: whether it identifies a person.
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
        if self.values and self.type != "string":
            raise DeclarationError(f"Column {self.name}: only a string has a list of values, its type is {self.type}.")
        if self.epoch and self.type != "timestamp":
            raise DeclarationError(
                f"Column {self.name}: only a timestamp is written as an epoch, its type is {self.type}."
            )

    @property
    def raw_names(self) -> tuple[str, ...]:
        """What a file may call it."""
        return self.raw or (self.name,)


@dataclass(frozen=True)
class Constant(Column):
    """A column that no file holds: `text` stands in every row."""

    text: str = ""


@dataclass(frozen=True)
class Identity:
    """Who is behind an anonymous id: whoever had last logged in on it by the moment of the event.

    Attributes:
        links: the source of logins; its entity is the person, its event time the login.
        where: SQL condition over the links: which kind of id this is.
        link_id: the links' column that holds the anonymous id.
        id: this source's column that holds it.
        own: this source's column that names the person itself where it can; empty where it cannot.
    """

    links: "Source"
    where: str
    link_id: str
    id: str
    own: str | None = None


@dataclass(frozen=True)
class Lookup:
    """What another source says of something that the rows name, such as the genre of a title.

    Attributes:
        source: one row per key, and of that only what never changes: it is not looked up as of a date.
        key: its column that is compared.
        on: this source's column that names the thing.
        columns: names, and SQL over the other source's columns.
    """

    source: "Source"
    key: str
    on: str
    columns: tuple[tuple[str, str], ...]

    @collectable
    def __post_init__(self) -> None:
        self.source.column(self.key)
        if self.source.key != (self.key,):
            raise DeclarationError(
                f"Lookup in {self.source.name}: {self.key} is not its key, so a row could be found twice."
            )


@dataclass(frozen=True)
class Begins:
    """When an entity came to be: the earliest `column` of its rows in `source`."""

    source: "Source"
    column: str


@dataclass(frozen=True)
class Source:
    """A log of dated events or of dated states about entities, as files of one format.

    Attributes:
        name: prefix of its features, such as `purchases`.
        files: which files of the raw folder belong to it, a glob such as `purchases*.csv*`; in daily drops
            `*/purchases.csv*`, where the folder is the date before which its rows were received.
        entity: the column that says whom a row is about; made by `identity` where that is given.
        event_time: the column that says when it happened.
        columns: the columns that are kept; files may hold others.
        format: csv and tsv have a header line, tsv escapes as ClickHouse does; jsonl is one object a line.
            csv, tsv and jsonl may be packed by gzip.
        known_time: the column that says when it reached us; None where it is known `known_lag_days` after it happened.
        known_lag_days: see `known_time`; 3 for records that stay open for three days.
        key: the columns that identify an event: of rows with one key the one of the latest drop counts. None
            where the log has no such key, and then equal rows are separate events.
        earliest: nothing happened before this day; an earlier row is unusable.
        identity: how an anonymous row finds its entity.
        lookups: what other sources say of what the rows name; measures and features use it as a column.
        begins: when its entities came to be; an earlier row is kept and counted as a surprise.
        measures: SQL over the columns by name, to be aggregated as if it were a column.
        retention_days: how long its rows are kept; no feature may look back further. None where they are kept for good.
        max_quarantined: share of unusable rows above which nothing of the source is published.
        dialect: how its text files are written, where that differs from what the format means; or the name of a preset
            such as `clickhouse_tsv` (`lake.dialect.PRESETS`).
    """

    name: str
    files: str
    entity: str
    event_time: str
    columns: tuple[Column, ...]
    format: Format = "csv"
    known_time: str | None = None
    known_lag_days: int = 0
    key: tuple[str, ...] | None = None
    earliest: date = date(1900, 1, 1)
    identity: Identity | None = None
    lookups: tuple[Lookup, ...] = ()
    begins: Begins | None = None
    measures: tuple[tuple[str, str], ...] = field(default=())
    retention_days: int | None = None
    max_quarantined: float = 0.01
    # Not part of its text: that is hashed, and tables of sources without a dialect are read on as they are.
    dialect: Dialect | str | None = field(default=None, repr=False)

    @collectable
    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise DeclarationError(f"Source name {self.name!r} must be lower-case letters, digits and underscores.")
        if self.format not in get_args(Format):
            raise DeclarationError(
                f"Source {self.name}: no format {self.format}; there are {', '.join(get_args(Format))}."
            )
        self._check_dialect()
        self._check_columns()
        self._check_times()
        for lookup in self.lookups:
            self.column(lookup.on)
        for name in (self.entity,) if self.identity is None else (self.identity.id,):
            if self.column(name).nullable:
                raise DeclarationError(f"Source {self.name}: {name} must not be nullable, a row is nothing without it.")
        keys = [self.column(name) for name in self.key or ()]
        if keys and all(column.nullable for column in keys):
            raise DeclarationError(
                f"Source {self.name}: every column of its key {', '.join(self.key or ())} is nullable; "
                "at least one must not be nullable."
            )
        if not 0 <= self.max_quarantined <= 1:
            raise DeclarationError(
                f"Source {self.name}: max_quarantined {self.max_quarantined} must be a share from 0 to 1."
            )

    def _check_dialect(self) -> None:
        if isinstance(self.dialect, str) and self.dialect not in PRESETS:
            raise DeclarationError(
                f"Source {self.name}: no dialect {self.dialect!r}; there are {', '.join(PRESETS)}, or give a Dialect."
            )
        if self.format == "parquet" and self.dialect is not None:
            raise DeclarationError(f"Source {self.name}: a Parquet file has no dialect; leave it out.")

    def _check_columns(self) -> None:
        names = [column.name for column in self.columns] + [name for name, _ in self.measures]
        names += [name for lookup in self.lookups for name, _ in lookup.columns]
        if len(set(names)) != len(names):
            raise DeclarationError(f"Source {self.name}: a column is declared twice in {', '.join(names)}.")
        if MONTH in names:
            raise DeclarationError(f"Source {self.name}: {MONTH} is the lake's own column: call yours otherwise.")
        if self.identity is not None and self.entity in names:
            raise DeclarationError(
                f"Source {self.name}: {self.entity} comes from the identity, so it cannot be a column."
            )

    def _check_times(self) -> None:
        for time in (self.event_time, *([self.known_time] if self.known_time else [])):
            column = self.column(time)
            if column.type not in TIMES:
                raise DeclarationError(f"Source {self.name}: {time} is a {column.type}, not a date or timestamp.")
            if column.nullable:
                raise DeclarationError(f"Source {self.name}: {time} must not be nullable, a row is nothing without it.")
        if self.known_lag_days < 0 or (self.known_lag_days and self.known_time):
            raise DeclarationError(
                f"Source {self.name}: known_lag_days {self.known_lag_days} must be at least 0, and goes without a "
                "known_time."
            )

    def column(self, name: str) -> Column:
        """The declared column `name`.

        Raises:
            DeclarationError: there is none; the sentence lists those there are.
        """
        for column in self.columns:
            if column.name == name:
                return column
        names = ", ".join(column.name for column in self.columns)
        raise DeclarationError(f"Source {self.name} has no column {name}; it has {names}.")

    def measure(self, name: str) -> str:
        """SQL of a measure: a declared one, or a column that is a number.

        Raises:
            DeclarationError: there is none, or it is not a number.
        """
        declared = dict(self.measures)
        if name in declared:
            return declared[name]
        if self.column(name).type not in NUMBERS:
            raise DeclarationError(f"Source {self.name}: {name} is not a number.")
        return name

    def value(self, name: str) -> str:
        """SQL of a column of any type, looked up or not, or of a declared measure.

        Raises:
            DeclarationError: there is neither.
        """
        if name in {column for lookup in self.lookups for column, _ in lookup.columns}:
            return name
        return dict(self.measures).get(name) or self.column(name).name

    @property
    def written_as(self) -> Dialect:
        """How its text files are written."""
        if isinstance(self.dialect, Dialect):
            return self.dialect
        return PRESETS[self.dialect or ("csv" if self.format == "parquet" else self.format)]

    @property
    def key_columns(self) -> frozenset[str]:
        """The columns that name somebody or something: rows are joined by them."""
        names = [self.entity, *(self.key or ()), *(lookup.on for lookup in self.lookups)]
        if self.identity is not None:
            names += [self.identity.id, self.identity.own or self.entity]
        return frozenset(names)

    @property
    def in_files(self) -> tuple[Column, ...]:
        """The columns that the files must hold."""
        return tuple(column for column in self.columns if not isinstance(column, Constant))

    @property
    def known_sql(self) -> str:
        """SQL of the moment or day at which a row was known."""
        if self.known_time:
            return self.known_time
        return f"{self.event_time} + interval {self.known_lag_days} days" if self.known_lag_days else self.event_time
