"""What a source is: declared once, checked at import."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, get_args

from lake.column import NAME, NUMBERS, TIMES, Column, ColumnType, Constant, check_time_zone
from lake.declarations import LATER, DeclarationError, collectable, declaration_text, run_checks
from lake.dialect import PRESETS, Dialect
from lake.references import Begins, Identity, Lookup

__all__ = ["NAME", "NUMBERS", "TIMES", "Column", "ColumnType", "Constant", "Source"]

Format = Literal["csv", "tsv", "jsonl", "parquet"]
#: columns that the lake adds: the month a row happened in, a hash of all of it, the day in the name of its batch.
MONTH, CONTENT, BATCH_DATE = "event_month", "_content", "_drop"
#: the column of a table whose rows have no date of their own, and its text: the rows hold from the first day there is.
UNDATED, FIRST_DAY = "undated", "1900-01-01"


def undated_column() -> Constant:
    """The column of a table whose rows have no date of their own."""
    return Constant(UNDATED, "date", "no date: the row holds always", text=FIRST_DAY)


@dataclass(frozen=True)
class Source:
    """A log of dated events or of dated states about entities, as files of one format.

    Attributes:
        name: prefix of its features, such as `purchases`.
        files: which files of the raw folder belong to it, a glob such as `purchases*.csv*`; in daily batches
            `*/purchases.csv*`, where the folder is the date before which its rows were received.
        entity: the column that says whom a row is about; made by `identity` where that is given.
        event_time: the column that says when it happened; its own, or one that a lookup takes from a dimension without
            versions, such as the first day of a campaign.
        columns: the columns that are kept; files may hold others.
        format: csv and tsv have a header line, tsv escapes as ClickHouse does; jsonl is one object a line.
            csv, tsv and jsonl may be packed by gzip.
        known_time: the column that says when it reached us; None where it is known `known_lag_days` after it happened.
        known_lag_days: see `known_time`; 3 for records that stay open for three days.
        key: the columns that identify an event: for each key, the row from the newest batch is kept. None
            where the log has no such key, and then equal rows are separate events.
        earliest: nothing happened before this day; an earlier row is unusable.
        identity: how an anonymous row finds its entity.
        lookups: what other sources say of what the rows name; measures and features use it as a column. They are joined
            when features are computed, so a change does not read the files again.
        begins: when its entities came to be; an earlier row is kept and counted as a surprise.
        measures: SQL over the columns by name, to be aggregated as if it were a column.
        retention_days: how long its rows are kept; no feature may look back further. None where they are kept for good.
        max_quarantined: share of unusable rows above which nothing of the source is published.
        dialect: how its text files are written, where that differs from what the format means; or the name of a preset
            such as `clickhouse_tsv` (`lake.dialect.PRESETS`).
        sparse: whether many days have no row, so that the last row does not show until when the source is complete. A
            sparse source counts as complete as far as the other sources are.
        time_zone: in which its timestamps without an offset are written, unless a column has its own; None for the
            project's.
        looked_up_keys: set by `stored` only: columns that lookups compare.
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
    sparse: bool = field(default=False, metadata=LATER)
    time_zone: str | None = field(default=None, metadata=LATER)
    looked_up_keys: tuple[str, ...] = field(default=(), repr=False)

    __repr__ = declaration_text

    @collectable
    def __post_init__(self) -> None:
        run_checks(
            self._check_name,
            self._check_dialect,
            self._check_columns,
            self._check_times,
            self._check_lookups,
            self._check_keys,
        )

    def _check_name(self) -> None:
        if not NAME.fullmatch(self.name):
            raise DeclarationError(f"Source name {self.name!r} must be lower-case letters, digits and underscores.")
        if self.format not in get_args(Format):
            raise DeclarationError(
                f"Source {self.name}: no format {self.format}; there are {', '.join(get_args(Format))}."
            )
        if self.time_zone is not None:
            check_time_zone(f"Source {self.name}", self.time_zone)
        if not 0 <= self.max_quarantined <= 1:
            raise DeclarationError(
                f"Source {self.name}: max_quarantined {self.max_quarantined} must be a share from 0 to 1."
            )

    def _check_keys(self) -> None:
        for name in (self.entity,) if self.identity is None else (self.identity.id,):
            if self.column(name).nullable:
                raise DeclarationError(f"Source {self.name}: {name} must not be nullable, a row is nothing without it.")
        keys = [self.column(name) for name in self.key or ()]
        if keys and all(column.nullable for column in keys):
            raise DeclarationError(
                f"Source {self.name}: every column of its key {', '.join(self.key or ())} is nullable; "
                "at least one must not be nullable."
            )

    def _check_dialect(self) -> None:
        if isinstance(self.dialect, str) and self.dialect not in PRESETS:
            raise DeclarationError(
                f"Source {self.name}: no dialect {self.dialect!r}; there are {', '.join(PRESETS)}, or give a Dialect."
            )
        if self.format == "parquet" and self.dialect is not None:
            raise DeclarationError(f"Source {self.name}: a Parquet file has no dialect; leave it out.")

    def _check_columns(self) -> None:
        names = [column.name for column in self.columns] + [name for name, _ in self.all_measures]
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
        own_times = [self.event_time] if self.has_own_time else []
        for time in (*own_times, *([self.known_time] if self.known_time else [])):
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

    def _check_lookups(self) -> None:
        for lookup in self.lookups:
            self.column(lookup.on)
            if lookup.has_versions and self.event_time == UNDATED:
                raise DeclarationError(
                    f"Source {self.name}: it has no dates, so no version of {lookup.source.name} can be looked up; "
                    "declare its date of change as event_time."
                )
        if self.has_own_time:
            return
        lookup = next(lookup for lookup in self.lookups if self.event_time in dict(lookup.columns))
        if lookup.has_versions or self.identity is not None or self.kind(self.event_time) not in TIMES:
            raise DeclarationError(
                f"Source {self.name}: its event time {self.event_time} comes from {lookup.source.name}; it must be a "
                "date or timestamp column of a source without versions, and goes without an identity."
            )

    @property
    def has_own_time(self) -> bool:
        """Whether the rows say themselves when they happened; otherwise a lookup does."""
        return all(self.event_time not in dict(lookup.columns) for lookup in self.lookups)

    @property
    def is_dated(self) -> bool:
        """Whether the stored rows carry the day of their event or change."""
        return self.has_own_time and self.event_time != UNDATED

    @property
    def has_versions(self) -> bool:
        """Whether a key can have several rows, each in force from its date: only a dimension can say so."""
        return False

    @property
    def limits_coverage(self) -> bool:
        """Whether the data ends where this source does."""
        return self.is_dated and not self.sparse

    @property
    def stored(self) -> "Source":
        """The declarations that decide the stored rows; the others are applied when features are computed."""
        keys = tuple(dict.fromkeys(lookup.on for lookup in self.lookups))
        time, columns = self.event_time, self.columns
        if not self.has_own_time:
            time, columns = UNDATED, (*columns, undated_column())
        return replace(self, lookups=(), measures=(), begins=None, retention_days=None, looked_up_keys=keys,
                       event_time=time, columns=columns)  # fmt: skip

    @property
    def all_measures(self) -> tuple[tuple[str, str], ...]:
        """The declared measures, and those of its columns' words."""
        return (*self.measures, *(measure for column in self.columns for measure in column.word_measures))

    def kind(self, name: str) -> ColumnType | None:
        """The type of a column of its own or of a lookup; None where the lookup is no plain column.

        Raises:
            DeclarationError: there is no such column.
        """
        for lookup in self.lookups:
            for looked_up, sql in lookup.columns:
                if looked_up == name:
                    return lookup.source.kind(sql) if NAME.fullmatch(sql) else None
        return self.column(name).type

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
        declared = dict(self.all_measures)
        if name in declared:
            return declared[name]
        if self.kind(name) not in {*NUMBERS, None}:
            raise DeclarationError(f"Source {self.name}: {name} is not a number.")
        return name

    def value(self, name: str) -> str:
        """SQL of a column of any type, looked up or not, or of a declared measure.

        Raises:
            DeclarationError: there is neither.
        """
        if name in {column for lookup in self.lookups for column, _ in lookup.columns}:
            return name
        return dict(self.all_measures).get(name) or self.column(name).name

    @property
    def written_as(self) -> Dialect:
        """How its text files are written."""
        if isinstance(self.dialect, Dialect):
            return self.dialect
        return PRESETS[self.dialect or ("csv" if self.format == "parquet" else self.format)]

    @property
    def key_columns(self) -> frozenset[str]:
        """The columns that name somebody or something: rows are joined by them."""
        names = [self.entity, *(self.key or ()), *(lookup.on for lookup in self.lookups), *self.looked_up_keys]
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
