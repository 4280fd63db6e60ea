"""Declaration of a precomputed table: one row per entity and date, or one row per entity of one day."""

from dataclasses import dataclass, replace
from datetime import date

from features.declare.feature import TABLE, Feature
from features.declare.label import (
    ALREADY_LEFT,
    HOW,
    LABEL,
    LEFT_TEXTS,
    STAYED_TEXTS,
    Stated,
)
from lake import Column, Constant, Source
from lake.column import NAME, quoted
from lake.declarations import DeclarationError, collectable
from lake.source import Format
from stack.engines.duckdb_engine import reserved_words

#: statement of every page, dictionary and evidence of such a table.
OWNER_STATEMENT = "The features are from a precomputed table: its owner vouches that they were known at as_of."
#: columns of a snapshot that are not features.
RESERVED = frozenset({"as_of", "population", LABEL, HOW, ALREADY_LEFT})


@dataclass(frozen=True)
class TableFeature:
    """A column of a precomputed table: a number, or a text with declared words.

    Attributes:
        name: name of the column and of the feature.
        unit, null, reason, description: as in `Feature`.
        words: texts of a text column, such as `(("plus", "Premium +"), ("basic", "Basic"))`: a name and the
            text. Each becomes a feature `<column>_<name>`, 1 or 0; a row with another text goes to quarantine.
    """

    name: str
    unit: str
    null: str
    reason: str
    description: str
    words: tuple[tuple[str, str], ...] = ()

    @collectable
    def __post_init__(self) -> None:
        for name, word in self.words:
            if not NAME.fullmatch(name):
                raise DeclarationError(
                    f"Column {self.name}: the name {name!r} of {word!r} must be lower-case letters, digits and "
                    "underscores."
                )

    @property
    def column(self) -> Column:
        """As the lake reads it."""
        texts = tuple(word for _, word in self.words)
        return Column(self.name, "string" if texts else "double", self.description, values=texts, nullable=True)

    @property
    def measures(self) -> tuple[tuple[str, str], ...]:
        """Name and SQL of the feature of each word; empty for a number."""
        return tuple((f"{self.name}_{name}", f"int({self.name} = {quoted(word)})") for name, word in self.words)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features of the column."""
        about = (self.unit, self.null, self.reason)
        if not self.words:
            return (Feature(TABLE, "value", *about, self.description, measure=self.name),)
        return tuple(
            Feature(TABLE, "value", *about, f"{self.description} is {word}", measure=f"{self.name}_{name}")
            for name, word in self.words
        )


@dataclass(frozen=True)
class ReadyTable:
    """A precomputed table with an entity, a date, a label and features.

    Its owner vouches that each value was known at its date, and for the label.

    Attributes:
        name: name of the lake's table, such as `customers`.
        files: pattern of its raw files, as in `Source`.
        entity: its key, a bigint or a string.
        as_of: its column with the date of each row; without dates, the day that all rows describe.
        left: its label column: 1, true or yes; 0, false or no; empty if not matured.
        horizon_days, grace_days: days that the label looks ahead of the date.
        columns: its features.
        raw: column names of the files if they differ: our name and their name.
        format, max_quarantined: as in `Source`.
    """

    name: str
    files: str
    entity: Column
    as_of: str | date
    left: str
    horizon_days: int
    columns: tuple[TableFeature, ...]
    grace_days: int = 0
    raw: tuple[tuple[str, str], ...] = ()
    format: Format = "csv"
    max_quarantined: float = 0.01

    @collectable
    def __post_init__(self) -> None:
        if self.entity.type not in {"bigint", "string"}:
            raise DeclarationError(f"Table {self.name}: {self.entity.name} is a {self.entity.type}, a key is a bigint "
                                   "or a string.")  # fmt: skip
        names = [feature.name for feature in self.features]
        if not names:
            raise DeclarationError(f"Table {self.name}: it declares no feature in `columns`.")
        reserved = sorted(RESERVED & set(names)) + sorted(reserved_words() & {*names, *self._columns})
        if reserved:
            raise DeclarationError(f"Table {self.name}: no column may be called {reserved[0]}: give it another name, "
                                   "and declare the name of the files in `raw`.")  # fmt: skip
        unknown = [name for name, _ in self.raw if name not in self._columns]
        if unknown:
            raise DeclarationError(f"Table {self.name}: `raw` names {unknown[0]}, which is not one of its columns.")
        _ = self.label

    @property
    def _columns(self) -> set[str]:
        return {column.name for column in self.source.columns}

    @property
    def dated(self) -> bool:
        """Whether its rows have dates; without dates there is no out-of-time validation."""
        return isinstance(self.as_of, str)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features of all its columns."""
        return tuple(feature for column in self.columns for feature in column.features)

    @property
    def label(self) -> Stated:
        """The label of its populations."""
        return Stated(self.name, self.left, self.horizon_days, self.grace_days)

    @property
    def source(self) -> Source:
        """As the lake reads it: one row per entity and date."""
        left = Column(self.left, "string", "who left", values=(*LEFT_TEXTS, *STAYED_TEXTS), nullable=True)
        day = (
            Column(self.as_of, "date", "the date of the row")
            if isinstance(self.as_of, str)
            else Constant("as_of", "date", "the day that all rows describe", text=self.as_of.isoformat())
        )
        theirs = dict(self.raw)
        columns = (self.entity, day, left, *(column.column for column in self.columns))
        return Source(
            name=self.name, files=self.files, entity=self.entity.name, event_time=day.name,
            columns=tuple(
                replace(column, raw=(theirs[column.name],)) if column.name in theirs else column for column in columns
            ),
            format=self.format, key=(self.entity.name, day.name),
            measures=tuple(measure for column in self.columns for measure in column.measures),
            max_quarantined=self.max_quarantined,
        )  # fmt: skip

    def sql(self) -> str:
        """SQL of the features by entity and `as_of`, over the view of its rows."""
        source = self.source
        columns = ", ".join(
            f"cast({source.measure(str(feature.measure))} as double) as {feature.name}" for feature in self.features
        )
        return f"select {source.entity}, {source.event_time} as as_of, {columns} from {source.name}"
