"""Blocks of a page as HTML: heading with definition, export and SQL, then a chart, a table or figures."""

from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from dashboards.charts import draw_chart
from dashboards.database import QueryRows
from dashboards.page import Block, Chart, DataTable, KeyFigures
from dashboards.query import Query, QueryColumn
from dashboards.units import NUMBERS, show_value

#: rows of the table below a chart; the export has all.
MOST_ROWS = 500
CHART_OPTIONS = {"displayModeBar": False, "responsive": True, "scrollZoom": False}


def build_block(
    block: Block,
    rows: QueryRows,
    dashboard: str,
    filters: dict[str, object],
    theme: str,
    marks: QueryRows | None = None,
) -> list[Any]:
    """The content of a block.

    Args:
        block: the declaration.
        rows: its rows, or the sentence that says why there are none.
        dashboard: name of the project.
        filters: values of the page's filters, for the address of the export.
        theme: `light` or `dark`.
        marks: rows of the chart's marks.
    """
    heading = _heading(rows.query, dashboard, filters)
    if rows.sentence is not None:
        return [heading, html.P(rows.sentence, className="sentence", role="status")]
    if isinstance(block, KeyFigures):
        return [heading, _figures(rows)]
    if isinstance(block, DataTable):
        return [heading, *_table_with_count(rows, block.shown_rows)]
    return [heading, *_chart(block, rows, theme, marks)]


def _heading(query: Query, dashboard: str, filters: dict[str, object]) -> html.Div:
    path = f"{dashboard}/{query.name}"
    given = [(name, value) for name, value in filters.items() if value not in (None, "", [])]
    export = f"/export/{path}.csv?{urlencode(given, doseq=True)}"
    return html.Div(
        [
            html.H2(query.title),
            html.Span(
                [
                    html.Button("?", className="help", **{"aria-label": f"Definition: {query.title}"}),
                    html.Span([html.P(query.description), _definitions(query)], className="tip", role="tooltip"),
                ],
                className="definition",
            ),
            html.Span(
                [
                    html.A("CSV", href=export, download="", **{"aria-label": f"Export {query.title} as CSV"}),
                    html.A("SQL", href=f"/sql/{path}", target="_blank", **{"aria-label": f"SQL of {query.title}"}),
                ],
                className="links",
            ),
        ],
        className="heading",
    )


def _definitions(query: Query) -> html.Dl:
    parts = []
    for column in query.columns:
        parts += [html.Dt(column.label), html.Dd(column.definition)]
    return html.Dl(parts)


def _figures(rows: QueryRows) -> html.Dl:
    """Label and value of each column of the first row."""
    return html.Dl(
        [
            html.Div([html.Dt(column.label), html.Dd(show_value(value, column.unit))], title=column.definition)
            for column, value in zip(rows.query.columns, rows.rows[0], strict=True)
        ],
        className="figures",
    )


def _table_with_count(rows: QueryRows, most: int) -> list[Any]:
    count = len(rows.rows)
    if count > most:
        sentence = f"The first {most:,} of {count:,} rows; the export has all of them."
    else:
        sentence = f"{count:,} row{'' if count == 1 else 's'}."
    return [html.P(sentence, className="count", role="status"), build_table(rows, most)]


def build_table(rows: QueryRows, most: int) -> html.Div:
    """Rows as an HTML table, at most `most`; a click on a heading sorts them."""
    columns = rows.query.columns
    head = html.Thead(html.Tr([_head_cell(column) for column in columns]))
    body = html.Tbody([html.Tr([_cell(*pair) for pair in zip(columns, row, strict=True)]) for row in rows.rows[:most]])
    table = html.Table([html.Caption(rows.query.title, className="hidden"), head, body])
    # A keyboard can only scroll an area that takes the focus.
    return html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": rows.query.title})


def _head_cell(column: QueryColumn) -> html.Th:
    return html.Th(
        html.Button(column.label, className="sort", title=column.definition),
        scope="col",
        className=_alignment(column),
    )


def _cell(column: QueryColumn, value: Any) -> html.Td:
    # The stored value sorts the rows.
    raw = "" if value is None else str(value)
    return html.Td(show_value(value, column.unit), className=_alignment(column), **{"data-value": raw})


def _alignment(column: QueryColumn) -> str:
    return "number" if column.unit in NUMBERS else "text"


def _chart(chart: Chart, rows: QueryRows, theme: str, marks: QueryRows | None) -> list[Any]:
    usable = marks if marks is not None and marks.sentence is None else None
    figure = draw_chart(chart, rows, theme, usable)
    text = f"{rows.query.title}. {rows.query.description} The table below has the same values."
    return [
        html.Div(
            dcc.Graph(figure=figure, config=CHART_OPTIONS, responsive=True, style={"height": figure.layout.height}),
            role="img",
            className="chart",
            **{"aria-label": text},
        ),
        html.Details([html.Summary("Values as a table"), build_table(rows, MOST_ROWS)]),
    ]
