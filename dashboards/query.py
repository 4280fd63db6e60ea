"""Named queries: SQL files whose header says what each column means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dashboards.units import UNITS
from stack.errors import PrichalError

FOLDER = Path(__file__).resolve().parent / "queries"

_HEADER = re.compile(r"--\s*(?P<key>title|description|empty|missing|people|column):\s*(?P<text>.*\S)\s*")
_PARAMETER = re.compile(r"%\((\w+)\)s")


class QueryError(PrichalError):
    """A query file has no complete header."""


@dataclass(frozen=True)
class QueryColumn:
    """A column of a query: its name in the SQL, its label and unit on the page, and its definition."""

    name: str
    label: str
    unit: str
    definition: str


@dataclass(frozen=True)
class Query:
    """A named query.

    Attributes:
        name: folder and file, such as `retention/people`.
        title: heading of its block on a page.
        description: what it counts, and how.
        columns: in the order of the page and of the export.
        has_people: its rows name people, so only some roles may read it.
        empty: the sentence shown if it returns no row.
        missing: the sentence shown if the project has no such table.
        text: the SQL; `{scores}`, `{actions}` and `{entity}` are names of the project, `%(name)s` are values.
    """

    name: str
    title: str
    description: str
    columns: tuple[QueryColumn, ...]
    has_people: bool
    empty: str
    missing: str
    text: str

    @property
    def parameters(self) -> frozenset[str]:
        """Names of the values that the SQL uses."""
        return frozenset(_PARAMETER.findall(self.text))

    def column(self, name: str) -> QueryColumn:
        """The column with this name.

        Raises:
            QueryError: it is not in the header.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise QueryError(f"Query {self.name} has no column {name!r}; it has {', '.join(c.name for c in self.columns)}.")


def parse_query(name: str, content: str) -> Query:
    """Read the header and the SQL of a query file.

    The header is a block of comments: `-- title: ...`, `-- description: ...`, `-- empty: ...`, `-- missing: ...`,
    `-- people: yes` where rows name people, and for each column `-- column: name | label | unit | definition`.

    Raises:
        QueryError: a part of the header is missing, or a unit is unknown.
    """
    fields: dict[str, str] = {}
    columns = []
    for match in map(_HEADER.fullmatch, content.splitlines()):
        if match is None:
            continue
        if match["key"] == "column":
            columns.append(_parse_column(name, match["text"]))
        else:
            fields[match["key"]] = match["text"]
    absent = [key for key in ("title", "description", "empty") if key not in fields]
    if absent or not columns:
        raise QueryError(f"Query {name}: its header has no {', '.join(absent or ['column'])}; add `-- title: ...`.")
    text = "\n".join(line for line in content.splitlines() if not line.startswith("--")).strip().rstrip(";")
    missing = fields.get("missing", "The tables of this figure do not exist yet: run the project's daily job first.")
    return Query(
        name, fields["title"], fields["description"], tuple(columns), fields.get("people") == "yes", fields["empty"],
        missing, text,
    )  # fmt: skip


def _parse_column(query: str, text: str) -> QueryColumn:
    parts = [part.strip() for part in text.split("|")]
    if len(parts) != 4 or parts[2] not in UNITS:
        raise QueryError(
            f"Query {query}: column {text!r} cannot be read; write `name | label | unit | definition`, with a unit of "
            f"{', '.join(UNITS)}."
        )
    return QueryColumn(*parts)


@cache
def load_query(name: str) -> Query:
    """The query in `queries/<name>.sql`.

    Raises:
        QueryError: no file has this name, or its header is not complete.
    """
    if name not in query_names():
        raise QueryError(f"Query {name!r} does not exist; add the file dashboards/queries/{name}.sql.")
    return parse_query(name, (FOLDER / f"{name}.sql").read_text())


def query_names() -> list[str]:
    """Names of all queries, such as `retention/people`."""
    return sorted(_names())


def _names() -> Iterator[str]:
    for path in FOLDER.rglob("*.sql"):
        yield str(path.relative_to(FOLDER).with_suffix(""))
