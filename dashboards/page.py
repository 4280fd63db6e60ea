"""Declarations of pages: filters and blocks, each over a named query."""

from dataclasses import dataclass, field
from typing import Literal

Width = Literal["half", "full"]


@dataclass(frozen=True, kw_only=True)
class PageFilter:
    """A control whose value is bound to `%(name)s` in every query of the page.

    Attributes:
        name: name of the value in the SQL.
        label: text beside the control.
        kind: `choices` binds a list of texts, `choice` a text, `text` what is typed, `period` binds two dates to
            `%(name_start)s` and `%(name_end)s`. Without a choice the value is null.
        options: the query of the choices, with the columns `value` and `label`.
        values: the choices themselves as pairs of value and label, if no query is needed.
        default: the value at first.
    """

    name: str
    label: str
    kind: Literal["choices", "choice", "text", "period"] = "choices"
    options: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    default: str | None = None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A query as a chart, with its rows as a table below it.

    Attributes:
        query: name of the query.
        kind: `bar`, `stack` (bars on top of each other), `line`, `grid` (a table of coloured cells), `funnel`,
            `interval` (points with `low` and `high`), `scatter` (points; also a map, by longitude and latitude).
        x: column of the horizontal axis; of a funnel, the step.
        y: columns of the vertical axis; of a grid, its rows.
        colour: column that divides the rows into series; of a grid, the value of a cell.
        low, high: columns with the ends of an interval around the first of `y`.
        size: column of the size of a point.
        label: column of the text of a point.
        marks: a query with the columns `x` and `label`: vertical lines.
        width: half of the page or all of it.
    """

    query: str
    kind: Literal["bar", "stack", "line", "grid", "funnel", "interval", "scatter"]
    x: str
    y: tuple[str, ...]
    colour: str | None = None
    low: str | None = None
    high: str | None = None
    size: str | None = None
    label: str | None = None
    marks: str | None = None
    width: Width = "half"


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """A query as a table: the first rows on the page, all of them in the export."""

    query: str
    shown_rows: int = 200
    width: Width = "full"


@dataclass(frozen=True, kw_only=True)
class KeyFigures:
    """The first row of a query as large figures, one per column."""

    query: str
    width: Width = "full"


Block = Chart | DataTable | KeyFigures


@dataclass(frozen=True, kw_only=True)
class DashboardPage:
    """A page: its filters, and its blocks from top to bottom."""

    name: str
    title: str
    description: str
    blocks: tuple[Block, ...]
    filters: tuple[PageFilter, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """Pages with one set of names: those of a project.

    Attributes:
        name: name of the project; it is bound to `%(project)s`.
        title: text in the menu.
        pages: in the order of the menu.
        names: SQL names that queries may use, such as `{scores}`: each is a tuple of schema and table, or of a column.
        values: further values that queries may use, such as `%(currency)s`.
    """

    name: str
    title: str
    pages: tuple[DashboardPage, ...]
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)

    def page(self, name: str) -> DashboardPage | None:
        """The page with this name; None if there is none."""
        return next((page for page in self.pages if page.name == name), None)
