"""Draw charts from the rows of a query."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboards.database import QueryRows
from dashboards.page import Chart
from dashboards.query import QueryColumn
from dashboards.units import AXES, NUMBERS, show_value

#: colours that people with colour blindness tell apart (Okabe and Ito), without yellow and black.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7A6FAC", "#8C8C8C")

#: characters of a line of a label beside a horizontal bar.
LABEL_WIDTH = 28

Draw = Callable[["ChartRows"], list[Any]]


@dataclass(frozen=True)
class ChartTheme:
    """Colours of text, lines and marks on a light or a dark page."""

    text: str
    line: str
    accent: str
    low: str
    high: str


THEMES = {
    "light": ChartTheme("#26323d", "#dfe4e8", "#b3261e", "#f2f6f9", "#0072B2"),
    "dark": ChartTheme("#e3e8ec", "#3a444d", "#ff8a80", "#232b32", "#56B4E9"),
}


@dataclass(frozen=True)
class ChartRows:
    """Rows with their chart and its theme."""

    chart: Chart
    rows: QueryRows
    theme: ChartTheme

    def column(self, name: str) -> QueryColumn:
        """The column with this name."""
        return self.rows.query.column(name)

    def texts(self, name: str) -> list[str]:
        """Formatted values of a column."""
        return [show_value(value, self.column(name).unit) for value in self.rows.values(name)]

    def axis(self, name: str) -> list[Any]:
        """Values of a column for an axis: numbers and dates as they are, all else as text."""
        unit = self.column(name).unit
        values = self.rows.values(name)
        if unit in NUMBERS:
            return [None if value is None else float(value) for value in values]
        return values if unit in {"date", "moment"} else self.texts(name)

    def hover(self, places: list[int]) -> list[str]:
        """What the pointer shows: label and value of every column."""
        columns = self.rows.query.columns
        return [
            "<br>".join(
                f"{column.label}: {show_value(value, column.unit)}"
                for column, value in zip(columns, self.rows.rows[place], strict=True)
            )
            for place in places
        ]

    def series(self) -> list[tuple[str, str, list[int]]]:
        """Name, column of values and numbers of the rows of each series."""
        everything = list(range(len(self.rows.rows)))
        if self.chart.colour is None:
            return [(self.column(name).label, name, everything) for name in self.chart.y]
        groups: dict[str, list[int]] = {}
        for place, name in enumerate(self.texts(self.chart.colour)):
            groups.setdefault(name, []).append(place)
        return [(name, self.chart.y[0], places) for name, places in groups.items()]


def draw_chart(chart: Chart, rows: QueryRows, theme: str, marks: QueryRows | None = None) -> go.Figure:
    """The chart of rows; `marks` are vertical lines with the columns `x` and `label`.

    Raises:
        QueryError: the chart names a column that the query does not have.
    """
    colours = THEMES.get(theme, THEMES["light"])
    drawn = ChartRows(chart, rows, colours)
    figure = go.Figure(DRAWN[chart.kind](drawn))
    _lay_out(figure, drawn)
    if marks is not None:
        _add_marks(figure, marks, colours)
    return figure


def _bars(drawn: ChartRows) -> list[Any]:
    return _traces(drawn, lambda **options: go.Bar(**options))


def _ranks(drawn: ChartRows) -> list[Any]:
    """Horizontal bars; the labels of the x column stand at the left."""
    traces = _bars(drawn)
    for trace in traces:
        trace.x, trace.y = trace.y, [_wrap(label) for label in trace.x]
        trace.orientation = "h"
    return traces


def _wrap(label: str) -> str:
    """A long label on several lines, so that it leaves room for the bars."""
    return "<br>".join(textwrap.wrap(label, LABEL_WIDTH))


def _lines(drawn: ChartRows) -> list[Any]:
    return _traces(drawn, lambda **options: go.Scatter(mode="lines+markers", connectgaps=False, **options))


def _traces(drawn: ChartRows, trace: Callable[..., Any]) -> list[Any]:
    x = drawn.axis(drawn.chart.x)
    traces = []
    for place, (name, column, places) in enumerate(drawn.series()):
        y = drawn.axis(column)
        colour = SERIES[place % len(SERIES)]
        traces.append(
            trace(
                x=[x[row] for row in places],
                y=[y[row] for row in places],
                name=name,
                marker={"color": colour},
                hovertext=drawn.hover(places),
                hoverinfo="text",
            )
        )
    return traces


def _grid(drawn: ChartRows) -> list[Any]:
    """Cells by x and y; a cell without a row, or with a null, stays empty."""
    chart = drawn.chart
    assert chart.colour is not None  # noqa: S101  # checked by the tests of all pages
    x, y, cells, texts = (drawn.texts(chart.x), drawn.texts(chart.y[0]), drawn.axis(chart.colour),
                          drawn.texts(chart.colour))  # fmt: skip
    columns, lines = list(dict.fromkeys(x)), list(dict.fromkeys(y))
    places = {(y[row], x[row]): row for row in range(len(cells))}
    hover = drawn.hover(list(range(len(cells))))

    def pick(values: list[Any], default: Any) -> list[list[Any]]:
        return [
            [values[places[line, column]] if (line, column) in places else default for column in columns]
            for line in lines
        ]

    shown = [text if value is not None else "" for text, value in zip(texts, cells, strict=True)]
    return [
        go.Heatmap(
            x=columns, y=lines, z=pick(cells, None), text=pick(shown, ""), texttemplate="%{text}",
            hovertext=pick(hover, ""), hoverinfo="text", hoverongaps=False, xgap=2, ygap=2, showscale=False,
            colorscale=[[0, drawn.theme.low], [1, drawn.theme.high]],
        )
    ]  # fmt: skip


def _funnel(drawn: ChartRows) -> list[Any]:
    chart = drawn.chart
    values = drawn.axis(chart.y[0])
    return [
        go.Funnel(
            y=drawn.texts(chart.x), x=values, text=drawn.texts(chart.label or chart.y[0]), textinfo="text",
            hovertext=drawn.hover(list(range(len(values)))), hoverinfo="text", marker={"color": SERIES[0]},
        )
    ]  # fmt: skip


def _intervals(drawn: ChartRows) -> list[Any]:
    chart = drawn.chart
    assert chart.low is not None  # noqa: S101  # checked by the tests of all pages
    assert chart.high is not None  # noqa: S101
    low, high, middle = drawn.axis(chart.low), drawn.axis(chart.high), drawn.axis(chart.y[0])

    def distance(end: list[Any], place: int) -> float:
        return abs(end[place] - middle[place]) if end[place] is not None and middle[place] is not None else 0.0

    traces = _traces(drawn, lambda **options: go.Scatter(mode="markers", **options))
    for trace, (_, _, places) in zip(traces, drawn.series(), strict=True):
        trace.error_y = {
            "type": "data",
            "array": [distance(high, place) for place in places],
            "arrayminus": [distance(low, place) for place in places],
            "thickness": 1.5,
            "width": 4,
        }
        trace.marker.size = 9
    return traces


def _points(drawn: ChartRows) -> list[Any]:
    chart = drawn.chart
    traces = _traces(drawn, lambda **options: go.Scatter(mode="markers+text" if chart.label else "markers", **options))
    sizes = drawn.axis(chart.size) if chart.size else None
    texts = drawn.texts(chart.label) if chart.label else None
    largest = max((size for size in sizes or () if size is not None), default=1) or 1
    for trace, (_, _, places) in zip(traces, drawn.series(), strict=True):
        if sizes is not None:
            trace.marker.size = [6 + 34 * ((sizes[place] or 0) / largest) ** 0.5 for place in places]
        if texts is not None:
            trace.text, trace.textposition = [texts[place] for place in places], "top center"
    return traces


DRAWN: dict[str, Draw] = {
    "bar": _bars, "rank": _ranks, "stack": _bars, "line": _lines, "grid": _grid, "funnel": _funnel,
    "interval": _intervals, "scatter": _points,
}  # fmt: skip


def _lay_out(figure: go.Figure, drawn: ChartRows) -> None:
    chart, theme = drawn.chart, drawn.theme
    axis = {"gridcolor": theme.line, "zerolinecolor": theme.line, "linecolor": theme.line, "automargin": True}
    x_unit, y_unit = drawn.column(chart.x).unit, drawn.column(chart.y[0]).unit
    lines = float(len(set(drawn.texts(chart.y[0])))) if chart.kind == "grid" else 0.0
    if chart.kind == "rank":
        lines = 1.4 * len(drawn.rows.rows)  # labels of two lines
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": theme.text, "family": "system-ui, sans-serif", "size": 13},
        margin={"l": 8, "r": 8, "t": 28 if len(figure.data) > 1 else 8, "b": 8},
        height=max(320, 60 + 30 * lines),
        barmode="stack" if chart.kind == "stack" else "group",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        showlegend=len(figure.data) > 1,
        hoverlabel={"align": "left"},
        dragmode=False,
    )
    if chart.kind == "funnel":
        figure.update_yaxes(automargin=True)
        return
    if chart.kind == "rank":
        figure.update_xaxes(**axis, title={"text": drawn.column(chart.y[0]).label}, tickformat=AXES.get(y_unit))
        figure.update_yaxes(**axis, autorange="reversed", showgrid=False)
        return
    x_title = {"text": drawn.column(chart.x).label, "standoff": 8}
    y_title = {"text": drawn.column(chart.y[0]).label if len(chart.y) == 1 else "", "standoff": 8}
    figure.update_xaxes(**axis, title=x_title, type=_axis_type(x_unit, chart.kind), tickformat=AXES.get(x_unit))
    figure.update_yaxes(**axis, title=y_title, tickformat=AXES.get(y_unit))
    if chart.kind == "grid":
        figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
        figure.update_xaxes(type="category", showgrid=False, side="top")
    elif x_unit not in {"date", "moment"}:
        figure.update_xaxes(showgrid=False)


def _axis_type(unit: str, kind: str) -> str:
    if unit in {"date", "moment"}:
        return "date"
    return "linear" if unit in NUMBERS and kind in {"line", "scatter", "interval"} else "category"


def _add_marks(figure: go.Figure, marks: QueryRows, theme: ChartTheme) -> None:
    for x, label in zip(marks.values("x"), marks.values("label"), strict=True):
        figure.add_shape(
            type="line", x0=x, x1=x, y0=0, y1=1, yref="paper", line={"color": theme.accent, "dash": "dot", "width": 1}
        )
        figure.add_annotation(
            x=x, y=1, yref="paper", text=label, showarrow=False, textangle=-90, xanchor="right", yanchor="top",
            font={"size": 11, "color": theme.accent},
        )  # fmt: skip
