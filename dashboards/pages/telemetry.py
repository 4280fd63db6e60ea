"""The pages of an online shop's telemetry: sales, marketing and anomalies."""

from dashboards.page import Chart, DashboardPage, DataTable, KeyFigures, PageFilter

PERIOD = PageFilter(name="period", label="Period", kind="period")
CATEGORY = PageFilter(name="category", label="Category", kind="choice", options="telemetry/categories")
GENDER = PageFilter(name="gender", label="Gender", options="telemetry/genders")
AGE = PageFilter(name="age", label="Age", options="telemetry/ages")
CITY = PageFilter(name="city", label="City", kind="choice", options="telemetry/cities")
#: on every page. People of two categories or cities cannot be added up, so these filters take one choice (ADR 22).
FILTERS = (PERIOD, CATEGORY, GENDER, AGE, CITY)
SCALE = PageFilter(
    name="scale", label="Scale", kind="choice", values=(("day", "day"), ("week", "week"), ("month", "month")),
    default="month",
)  # fmt: skip

SALES = DashboardPage(
    name="sales",
    title="Sales",
    description="Revenue, average check, conversion, ARPU and ARPPU, by time, group and city.",
    filters=(SCALE, *FILTERS),
    blocks=(
        KeyFigures(query="telemetry/sales_totals"),
        Chart(query="telemetry/revenue", kind="bar", x="period_start", y=("revenue",)),
        Chart(query="telemetry/average_check", kind="line", x="period_start", y=("average_check",)),
        Chart(query="telemetry/conversion", kind="line", x="period_start", y=("conversion",)),
        Chart(query="telemetry/arpu", kind="line", x="period_start", y=("arpu", "arppu")),
        Chart(query="telemetry/revenue_by_category", kind="bar", x="category", y=("revenue",)),
        Chart(query="telemetry/revenue_by_gender", kind="bar", x="gender", y=("revenue",)),
        Chart(query="telemetry/revenue_by_age", kind="bar", x="age_group", y=("revenue",)),
        Chart(query="telemetry/funnel", kind="funnel", x="step", y=("people",), label="label"),
        Chart(
            query="telemetry/conversion_weeks", kind="grid", x="part", y=("month",), colour="conversion", width="full"
        ),
        Chart(
            query="telemetry/city_map", kind="scatter", x="longitude", y=("latitude",), size="revenue", label="label",
            width="full",
        ),
        DataTable(query="telemetry/city_table"),
    ),
)  # fmt: skip

MARKETING = DashboardPage(
    name="marketing",
    title="Marketing",
    description="When people visit, who they are, what they look for, and what changed with a campaign.",
    filters=(
        *FILTERS,
        PageFilter(name="campaign_date", label="Campaign's first day", kind="text"),
        PageFilter(
            name="campaign_days", label="Days before and after", kind="choice",
            values=(("7", "7"), ("14", "14"), ("28", "28")), default="14",
        ),
    ),
    blocks=(
        KeyFigures(query="telemetry/session_totals"),
        Chart(
            query="telemetry/activity_by_hour", kind="grid", x="hour", y=("weekday",), colour="events", width="full"
        ),
        Chart(query="telemetry/ages_by_gender", kind="bar", x="age_group", y=("users",), colour="gender"),
        Chart(query="telemetry/session_lengths", kind="bar", x="length_group", y=("sessions",)),
        Chart(query="telemetry/session_actions", kind="line", x="month", y=("cart_share", "buying_share")),
        DataTable(query="telemetry/before_after", width="half"),
        Chart(
            query="telemetry/category_audience", kind="grid", x="audience", y=("category",), colour="share",
            width="full",
        ),
        Chart(query="telemetry/city_ages", kind="grid", x="age_group", y=("city",), colour="revenue", width="full"),
    ),
)  # fmt: skip

ANOMALIES = DashboardPage(
    name="anomalies",
    title="Anomalies",
    description="Days, months, categories and hours that differ from their usual values.",
    filters=FILTERS,
    blocks=(
        Chart(
            query="telemetry/days", kind="line", x="day", y=("value", "usual", "threshold"),
            marks="telemetry/marked_days", width="full",
        ),
        DataTable(query="telemetry/marked_days", width="half"),
        DataTable(query="telemetry/months", width="half"),
        Chart(query="telemetry/values_by_month", kind="stack", x="month", y=("share",), colour="value_range"),
        Chart(query="telemetry/gender_months", kind="line", x="month", y=("value",), colour="gender"),
        Chart(
            query="telemetry/category_months", kind="grid", x="month", y=("category",), colour="ratio", width="full"
        ),
        Chart(query="telemetry/hour_months", kind="grid", x="month", y=("hour",), colour="ratio", width="full"),
        Chart(query="telemetry/hour_years", kind="line", x="hour", y=("share",), colour="year"),
        Chart(query="telemetry/double_events", kind="bar", x="month", y=("duplicate_share",)),
        Chart(query="telemetry/children", kind="grid", x="child_group", y=("category",), colour="share"),
        DataTable(query="telemetry/outliers", width="half"),
    ),
)  # fmt: skip

PAGES = (SALES, MARKETING, ANOMALIES)
