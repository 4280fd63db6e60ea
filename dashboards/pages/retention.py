"""The pages of a project that predicts who leaves."""

from dashboards.page import Chart, DashboardPage, DataTable, KeyFigures, PageFilter

POPULATION = PageFilter(name="population", label="Population", options="retention/populations")

TODAY = DashboardPage(
    name="today",
    title="Today",
    description="Who is at risk on the latest date, and why.",
    filters=(
        POPULATION,
        PageFilter(
            name="risk_decile", label="Decile of risk", values=tuple((str(n), str(n)) for n in range(10, 0, -1))
        ),
    ),
    blocks=(
        KeyFigures(query="retention/today"),
        Chart(query="retention/risk_by_decile", kind="bar", x="risk_decile", y=("expected_to_leave",)),
        DataTable(query="retention/people"),
    ),
)

PAGES = (TODAY,)
