"""The frame of all pages, and the controls of a page."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboards.database import QueryRows
from dashboards.page import Dashboard, DashboardPage, PageFilter

#: the browser runs this with the theme: the page's colours follow it, the system's theme is the first one.
APPLY_THEME = """
(clicks, stored) => {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const before = stored || system;
  const theme = clicks && window.prichalClicks !== clicks ? (before === "dark" ? "light" : "dark") : before;
  window.prichalClicks = clicks;
  document.documentElement.dataset.theme = theme;
  return theme;
}
"""


def build_frame() -> html.Div:
    """The part that stays when a page is changed: header, menu and the place of the page."""
    return html.Div(
        [
            dcc.Location(id="address"),
            dcc.Store(id="theme", storage_type="local"),
            html.A("Skip to the page", href="#page", className="skip"),
            html.Header(
                [
                    html.Span("Prichal", className="brand"),
                    html.Nav(id="menu", **{"aria-label": "Pages"}),
                    html.Span(
                        [
                            html.Button("Theme", id="theme-button", **{"aria-label": "Light or dark theme"}),
                            html.A("Sign out", href="/sign-out"),
                        ],
                        className="links",
                    ),
                ]
            ),
            html.Main(id="page", tabIndex=-1),
        ]
    )


def build_menu(dashboards: Sequence[Dashboard], dashboard: Dashboard, page: DashboardPage) -> list[Any]:
    """Links to the pages of the current project, and to the other projects."""
    pages = [
        dcc.Link(
            each.title,
            href=f"/{dashboard.name}/{each.name}",
            className="current" if each.name == page.name else "",
        )
        for each in dashboard.pages
    ]
    projects = [
        dcc.Link(each.title, href=f"/{each.name}", className="current" if each.name == dashboard.name else "")
        for each in dashboards
    ]
    return [html.Span(projects, className="projects"), html.Span(pages, className="pages")]


def build_page(page: DashboardPage, choices: dict[str, QueryRows | None]) -> list[Any]:
    """Title, filters and the empty blocks of a page; each block is filled by a request of its own.

    Args:
        page: the declaration.
        choices: for each filter with a query its rows of `value` and `label`.
    """
    blocks = [
        html.Section(
            dcc.Loading(
                html.Div(id={"type": "block", "place": place}, className="content"),
                delay_show=300,
                type="dot",
            ),
            className=f"block {block.width}",
        )
        for place, block in enumerate(page.blocks)
    ]
    return [
        html.H1(page.title),
        html.P(page.description, className="lead"),
        html.Div([_control(each, choices.get(each.name)) for each in page.filters], className="filters"),
        html.Div(blocks, className="blocks"),
    ]


def build_unknown_page(path: str) -> list[Any]:
    """The page of an address that no page has."""
    return [html.H1("No such page"), html.P(f"{path} is not a page of the dashboards: choose one in the menu.")]


def filter_values(page: DashboardPage, names: Sequence[str], values: Sequence[Any]) -> dict[str, object]:
    """Values of the page's filters by the name that the SQL uses; an empty choice is null.

    Args:
        page: the declaration.
        names: names of the controls, such as `population` and `period_start`.
        values: their values, in the same order.
    """
    allowed = {control for each in page.filters for control in control_names(each)}
    return {
        name: value or None
        for name, value in zip(names, values, strict=True)
        if name in allowed and isinstance(value, str | list | None)
    }


def control_names(declared: PageFilter) -> tuple[str, ...]:
    """Names of the values of a filter: two for a period."""
    if declared.kind == "period":
        return f"{declared.name}_start", f"{declared.name}_end"
    return (declared.name,)


def _control(declared: PageFilter, choices: QueryRows | None) -> html.Div:
    """Label and control of a filter; what was chosen stays for this tab of the browser."""
    stored = {"persistence": True, "persistence_type": "session"}
    if declared.kind == "text":
        name = {"type": "filter", "name": declared.name}
        control: Any = dcc.Input(id=name, type="search", debounce=True, placeholder="all", **stored)
    elif declared.kind == "period":
        control = html.Span(
            [
                html.Label(
                    [
                        html.Span(f"{declared.label}, {end}", className="hidden"),
                        dcc.Input(id={"type": "filter", "name": name}, type="date", debounce=True, **stored),
                    ]
                )
                for name, end in zip(control_names(declared), ("first day", "last day"), strict=True)
            ],
            className="period",
        )  # fmt: skip
    else:
        control = dcc.Dropdown(
            id={"type": "filter", "name": declared.name},
            options=_options(declared, choices),
            value=declared.default,
            multi=declared.kind == "choices",
            clearable=declared.default is None,
            placeholder="all",
            **stored,
        )
    return html.Div(
        [html.Span(declared.label, className="label"), control],
        className="filter",
        role="group",
        **{"aria-label": declared.label},
    )


def _options(declared: PageFilter, choices: QueryRows | None) -> list[dict[str, str]]:
    pairs = declared.values
    if choices is not None:
        pairs = tuple(zip(map(str, choices.values("value")), map(str, choices.values("label")), strict=True))
    return [{"value": value, "label": label} for value, label in pairs]
