"""How a system writes text files: declared, never guessed."""

import codecs
import re
from dataclasses import dataclass
from typing import Literal

from stack.errors import PrichalError

Escape = Literal["doubled", "backslash", "clickhouse", "postgres"]
Documents = Literal["plain", "mongo"]
#: parts of a date format, and the digits that each stands for.
DATE_PARTS = {"%Y": r"(?P<Y>\d{4})", "%m": r"(?P<m>\d{1,2})", "%d": r"(?P<d>\d{1,2})"}


class DialectError(PrichalError):
    """A dialect contradicts itself or names something that does not exist."""


@dataclass(frozen=True)
class Dialect:
    """How one system writes text files.

    Attributes:
        separator: between two fields, one character.
        quote: around a field that holds a separator or a line end; None where fields are never quoted.
        escape: how a special character is written: `doubled` (a quote twice, RFC 4180), `backslash` (before a quote or
            a backslash, in quoted fields only), `clickhouse` (TabSeparated), or `postgres` (the text format of COPY).
        null_markers: field texts that mean a missing value; an empty field always does.
        encoding: a codec of Python; a byte order mark is removed.
        decimal: the decimal sign of numbers.
        thousands: the sign between groups of three digits; None where there is none. A space stands for no-break
            spaces too.
        date_format: how days are written, of %Y, %m and %d, such as `%d.%m.%Y`; None for ISO dates. A time may follow.
        column_names: names of the columns where files have no header line.
        comment: the beginning of a line that is no row; None where there is none.
        documents: for JSON lines: `plain`, or `mongo` for mongoexport, whose values may be wrapped, as in
            `{"$numberLong": "7"}`; relaxed and canonical documents are read alike.
    """

    separator: str = ","
    quote: str | None = '"'
    escape: Escape = "doubled"
    null_markers: tuple[str, ...] = ()
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str | None = None
    date_format: str | None = None
    column_names: tuple[str, ...] = ()
    comment: str | None = None
    documents: Documents = "plain"

    def __post_init__(self) -> None:
        for name, sign in (("separator", self.separator), ("quote", self.quote), ("decimal", self.decimal)):
            if sign is not None and (len(sign) != 1 or sign in "\r\n"):
                raise DialectError(f"Dialect: {name} {sign!r} must be one character and no line end.")
        if self.quote == self.separator:
            raise DialectError(f"Dialect: quote and separator are both {self.quote!r}; they must differ.")
        if self.thousands == self.decimal:
            raise DialectError(f"Dialect: thousands and decimal are both {self.decimal!r}; they must differ.")
        if self.escape in {"clickhouse", "postgres"} and self.quote is not None:
            raise DialectError(f"Dialect: escape {self.escape} goes with quote=None, it has {self.quote!r}.")
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise DialectError(
                f"Dialect: encoding {self.encoding!r} does not exist; use a codec of Python such as utf-8, utf-16 or "
                "windows-1251."
            ) from None
        if self.date_format is not None:
            self._check_date_format(self.date_format)

    def _check_date_format(self, text: str) -> None:
        if sorted(re.findall(r"%.", text)) != ["%Y", "%d", "%m"]:
            raise DialectError(f"Dialect: date_format {text!r} must hold %Y, %m and %d once each, such as %d.%m.%Y.")

    @property
    def codec(self) -> str:
        """Python's own name of the encoding."""
        return codecs.lookup(self.encoding).name

    @property
    def date_pattern(self) -> str | None:
        """Regular expression of a day and of what may follow it; None for ISO dates."""
        if self.date_format is None:
            return None
        pattern = re.escape(self.date_format)
        for part, digits in DATE_PARTS.items():
            pattern = pattern.replace(re.escape(part), digits)
        return f"^{pattern}(?P<rest>([ T].*)?)$"


#: dialects by the system that writes them.
PRESETS = {
    "csv": Dialect(),
    "tsv": Dialect(separator="\t", quote=None, escape="clickhouse"),
    "jsonl": Dialect(),
    "clickhouse_tsv": Dialect(separator="\t", quote=None, escape="clickhouse", null_markers=("\\N",)),
    "metrica": Dialect(separator="\t", quote=None, escape="clickhouse"),
    "appmetrica": Dialect(),
    "spark_csv": Dialect(escape="backslash"),
    "excel_csv": Dialect(separator=";", decimal=",", thousands=" ", date_format="%d.%m.%Y"),
    "postgres_copy": Dialect(separator="\t", quote=None, escape="postgres", null_markers=("\\N",)),
    "mongoexport": Dialect(documents="mongo"),
}
