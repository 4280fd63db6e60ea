"""Levels of the cinema, measured from the lake's tables and snapshots alone."""

from datetime import timedelta

import numpy as np
import pandas as pd

from jobs.runtime.context import Context

#: conversions are counted for trials that ended this long before the data does.
SETTLED = pd.Timedelta(days=14)


def levels(context: Context) -> dict[str, float]:
    """Name of a promise -> its value as the pipeline sees it."""
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
    """The current rows of a table; moments in the project's time zone, without naming it."""
    table = context.table(source)
    folders = [table.month(month, one.digest) for month, one in table.require().months.items() if one.rows_kept]
    found = pd.concat([pd.read_parquet(folder, columns=columns) for folder in folders], ignore_index=True)
    for name in found.select_dtypes(["datetimetz", "datetime"]):
        moments = found[name] if found[name].dt.tz is not None else found[name].dt.tz_localize("UTC")
        found[name] = moments.dt.tz_convert(context.project.time_zone).dt.tz_localize(None)
    return found


def _snapshots(context: Context) -> pd.DataFrame:
    found = context.snapshots
    days = [day for day in context.grid(found.coverage.end) if found.path(day).exists()]
    columns = ["user_id", "population", "label", "label_how"]
    return pd.concat(
        [pd.read_parquet(found.path(day), columns=columns).assign(as_of=pd.Timestamp(day)) for day in days]
    )


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
    trials = events[(events["event_type"] == "trial_started") & (events["trial_until"] < end - SETTLED)]
    trials = trials[trials["event_at"] >= start].reset_index(drop=True).assign(trial=lambda rows: rows.index)
    met = trials.merge(paid, on="user_id")
    charged = met[
        (met["attempted_at"] > met["event_at"]) & (met["attempted_at"] <= met["trial_until"] + timedelta(days=2))
    ]
    converted = trials["trial"].isin(charged["trial"])
    begins = events.drop_duplicates("subscription_id").copy()
    begins["returner"] = begins.groupby("user_id").cumcount() > 0
    recent = begins[(begins["event_at"] >= start) & begins["event_type"].isin(["trial_started", "reactivated"])]
    return {
        "opt_in_conversion": float(converted[trials["trial_kind"] == "opt_in"].mean()),
        "auto_conversion": float(converted[trials["trial_kind"] == "auto"].mean()),
        "returner_share": float(recent["returner"].mean()),
    }


def _seasons(viewing: pd.DataFrame, snapshots: pd.DataFrame) -> dict[str, float]:
    """Plays a day per member in each month of the year, against the mean month."""
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
