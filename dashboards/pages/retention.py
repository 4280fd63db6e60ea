"""The pages of a project that predicts who leaves."""

from dashboards.page import Chart, DashboardPage, DataTable, KeyFigures, PageFilter

POPULATION = PageFilter(name="population", label="Population", options="retention/populations")
DECILES = tuple((str(decile), str(decile)) for decile in range(10, 0, -1))

TODAY = DashboardPage(
    name="today",
    title="Today",
    description="Who is at risk on the latest date, why, and what to do about it.",
    filters=(
        POPULATION,
        PageFilter(name="risk_decile", label="Decile of risk", values=DECILES),
        PageFilter(name="channel", label="Recommended channel (table)", options="retention/channels"),
        PageFilter(name="reason", label="Reason contains (table)", kind="text"),
        PageFilter(name="person", label="Person (table)", kind="text"),
    ),
    blocks=(
        KeyFigures(query="retention/today"),
        Chart(query="retention/risk_by_decile", kind="bar", x="risk_decile", y=("expected_to_leave",)),
        Chart(query="retention/reasons", kind="rank", x="reason", y=("people",)),
        DataTable(query="retention/changes"),
        DataTable(query="retention/people"),
    ),
)

COHORTS = DashboardPage(
    name="cohorts",
    title="Cohorts",
    description="How long people stay, by the month in which they joined.",
    filters=(PageFilter(name="plan", label="Length of the first period", options="retention/plans"),),
    blocks=(
        Chart(
            query="retention/cohorts", kind="grid", x="step", y=("joined_month",), colour="retention", width="full"
        ),
        Chart(query="retention/survival", kind="line", x="step", y=("retention",), colour="plan"),
        Chart(
            query="retention/cohort_trend", kind="line", x="joined_month", y=("retention",), colour="after",
            marks="retention/releases",
        ),
    ),
)  # fmt: skip

CAMPAIGNS = DashboardPage(
    name="campaigns",
    title="Campaigns",
    description="What campaigns changed, measured against people whom nobody contacted.",
    filters=(PageFilter(name="campaign", label="Campaign", options="retention/campaigns"),),
    blocks=(
        Chart(
            query="retention/lift", kind="interval", x="campaign", y=("lift",), low="lift_low", high="lift_high",
            width="full",
        ),
        Chart(query="retention/funnel", kind="funnel", x="step", y=("people",), label="text"),
        Chart(
            query="retention/lift_by_action", kind="interval", x="part", y=("lift",), low="lift_low", high="lift_high"
        ),
        DataTable(query="retention/waiting_campaigns"),
        DataTable(query="retention/assignments"),
        DataTable(query="retention/constraint_prices"),
    ),
)  # fmt: skip

MODELS = DashboardPage(
    name="models",
    title="Models",
    description="What is in production, how good its scores were, and what was decided.",
    filters=(POPULATION,),
    blocks=(
        DataTable(query="retention/production"),
        Chart(
            query="retention/model_quality", kind="interval", x="score_date", y=("auc",), colour="model_name",
            low="auc_low", high="auc_high",
        ),
        Chart(query="retention/calibration", kind="line", x="score_date", y=("predicted", "observed")),
        DataTable(query="retention/reviews"),
        DataTable(query="retention/drift"),
        DataTable(query="retention/ledger"),
    ),
)  # fmt: skip

DATA = DashboardPage(
    name="data",
    title="Data",
    description="What arrived, what could not be used, and how the steps ran.",
    filters=(
        PageFilter(name="source", label="Source", options="retention/source_names"),
        PageFilter(name="period", label="Period (rows by day)", kind="period"),
    ),
    blocks=(
        Chart(query="retention/source_days", kind="line", x="day", y=("rows",), colour="source", width="full"),
        DataTable(query="retention/sources"),
        DataTable(query="retention/quarantine"),
        Chart(query="retention/step_seconds", kind="bar", x="step", y=("seconds",), width="full"),
        DataTable(query="retention/runs"),
    ),
)

PAGES = (TODAY, COHORTS, CAMPAIGNS, MODELS, DATA)
