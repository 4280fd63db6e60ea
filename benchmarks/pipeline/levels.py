"""Statistics of the cinema, measured from the lake's tables and the snapshots only."""

from datetime import timedelta

import numpy as np
import pandas as pd

from jobs.runtime.context import Context

#: a trial enters the conversion rate if it ended at least this long before the end of the data.
CONVERSION_WAIT = pd.Timedelta(days=14)


def levels(context: Context) -> dict[str, float]:
    """The statistics of the design ranges, by name, as the pipeline measures them."""
    snapshots = _snapshots(context)
    viewing = _rows(context, "viewing", ["happened_at", "received_at"])
    manifest = context.table("viewing").require()
    return {
        **_contracts(context),
        **_populations(snapshots),
        **_seasons(viewing, snapshots),
        "late_share": float(((viewing["received_at"] - viewing["happened_at"]) >= pd.Timedelta(days=1)).mean()),
        "duplicate_share": manifest.duplicates / manifest.rows_kept,
    }


def _rows(context: Context, source: str, columns: list[str]) -> pd.DataFrame:
    """The current rows of a table; moments are naive, in the project's time zone."""
    table = context.table(source)
    folders = [
        table.month(month, published_month.digest)
        for month, published_month in table.require().months.items()
        if published_month.rows_kept
    ]
    rows = pd.concat([pd.read_parquet(folder, columns=columns) for folder in folders], ignore_index=True)
    for name in rows.select_dtypes(["datetimetz", "datetime"]):
        moments = rows[name] if rows[name].dt.tz is not None else rows[name].dt.tz_localize("UTC")
        rows[name] = moments.dt.tz_convert(context.project.time_zone).dt.tz_localize(None)
    return rows


def _snapshots(context: Context) -> pd.DataFrame:
    rows = context.snapshots
    days = [day for day in context.grid(rows.coverage.end) if rows.path(day).exists()]
    columns = ["user_id", "population", "label", "label_how"]
    return pd.concat([pd.read_parquet(rows.path(day), columns=columns).assign(as_of=pd.Timestamp(day)) for day in days])


def _populations(snapshots: pd.DataFrame) -> dict[str, float]:
    paid = snapshots[(snapshots["population"] == "paid") & snapshots["label"].notna()]
    left = paid[paid["label"] == 1]
    return {
        "monthly_paid_churn": float(paid["label"].mean()),
        "voluntary_share": float((left["label_how"] == "voluntary").mean()),
    }


def _contracts(context: Context) -> dict[str, float]:
    columns = ["user_id", "subscription_id", "event_type", "event_at", "trial_kind", "trial_until"]
    events = _rows(context, "subscriptions", columns).sort_values("event_at")
    payments = _rows(context, "payments", ["user_id", "attempted_at", "status"])
    paid = payments.loc[payments["status"] == "succeeded", ["user_id", "attempted_at"]]
    end = pd.Timestamp(context.snapshots.coverage.end)
    start = pd.Timestamp(context.table("viewing").require().coverage.start)
    trials = events[(events["event_type"] == "trial_started") & (events["trial_until"] < end - CONVERSION_WAIT)]
    trials = trials[trials["event_at"] >= start].reset_index(drop=True).assign(trial=lambda rows: rows.index)
    with_payments = trials.merge(paid, on="user_id")
    charged = with_payments[
        (with_payments["attempted_at"] > with_payments["event_at"])
        & (with_payments["attempted_at"] <= with_payments["trial_until"] + timedelta(days=2))
    ]
    converted = trials["trial"].isin(charged["trial"])
    subscription_starts = events.drop_duplicates("subscription_id").copy()
    subscription_starts["returner"] = subscription_starts.groupby("user_id").cumcount() > 0
    recent = subscription_starts[
        (subscription_starts["event_at"] >= start)
        & subscription_starts["event_type"].isin(["trial_started", "reactivated"])
    ]
    return {
        "opt_in_conversion": float(converted[trials["trial_kind"] == "opt_in"].mean()),
        "auto_conversion": float(converted[trials["trial_kind"] == "auto"].mean()),
        "returner_share": float(recent["returner"].mean()),
    }


def _seasons(viewing: pd.DataFrame, snapshots: pd.DataFrame) -> dict[str, float]:
    """Plays per day and subscriber in each month of the year, relative to the mean month."""
    members = snapshots.groupby("as_of").size()
    months = [month for month in members.index if month + pd.offsets.MonthBegin(1) in members.index]
    plays = viewing["happened_at"].dt.to_period("M").value_counts()
    rates = pd.Series({
        month: plays.get(month.to_period("M"), 0) / month.days_in_month
        / np.mean([members[month], members[month + pd.offsets.MonthBegin(1)]])
        for month in months
    })  # fmt: skip
    yearly = rates.groupby(lambda month: month.month).mean()
    return {f"viewing_season_{month:02d}": float(rate / yearly.mean()) for month, rate in yearly.items()}
