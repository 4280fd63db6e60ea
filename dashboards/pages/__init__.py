"""The pages of all projects."""

from dashboards.page import Dashboard, DashboardPage
from dashboards.pages import retention, telemetry
from projects.project import load_project, project_names

#: pages of a project's own tables, before those of its scores.
OWN_PAGES: dict[str, tuple[DashboardPage, ...]] = {"telemetry": telemetry.PAGES}


def load_dashboards() -> tuple[Dashboard, ...]:
    """The pages of every project under `projects/`; the simulated cinema comes first.

    Raises:
        DeclarationError: a project's declarations have mistakes.
    """
    names = sorted(project_names(), key=lambda name: (name != "churn", name))
    return tuple(_dashboard(name) for name in names)


def _dashboard(name: str) -> Dashboard:
    project = load_project(name)
    mart, plan = project.mart, project.actions
    names: dict[str, tuple[str, ...]] = {"scores": ("mart", mart.table), "entity": (mart.entity,)}
    if plan is not None:
        names["actions"] = ("mart", mart.actions_table)
    costs = project.training.costs
    return Dashboard(
        name=name,
        title=name,
        pages=(*OWN_PAGES.get(name, ()), *retention.PAGES),
        names=names,
        values={"value": costs.value if costs else None, "currency": costs.currency if costs else None},
    )
