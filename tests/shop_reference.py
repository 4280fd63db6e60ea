"""The telemetry shop computed row by row with pandas, as a second way to the figures of its rollups and pages."""

from pathlib import Path

import pandas as pd

#: rows that a shop can send, of June 2021: a value of nobody, contradicting rows, a single event, a city unknown to the
#: map, a category with quotes, and a purchase without a value. July has no event.
HOSTILE = """person_id,happened_at,category,value,gender,city,age,child_age,session_id,action
,2021-06-03 10:00:00.000,books,900,F,Moscow,30,,1,purchase
71,2021-06-03 10:00:00.000,books,10,F,Moscow,30,,1,purchase
71,2021-06-03 10:00:00.000,books,20,F,Moscow,30,,1,purchase
72,2021-06-04 11:00:00.000,"d'Artagnan ""%s"" {0}",120.5,,Nowhere-on-Sea,,3,2,purchase
72,2021-06-04 11:00:00.000,"d'Artagnan ""%s"" {0}",120.5,,Nowhere-on-Sea,,3,2,purchase
73,2021-06-05 12:00:00.000,,,M,,17,,3,view
74,2021-06-05 12:00:00.000,books,,M,Moscow,55,14,4,purchase
74,2021-06-05 12:30:00.000,books,,M,Moscow,55,14,4,view
74,2021-06-05 13:00:00.001,books,70,F,Kazan,56,14,5,purchase
75,2021-08-01 00:00:00.000,books,40,F,Kazan,20,,6,purchase
"""
AGES = ([0, 18, 25, 35, 45, 55, 200], ["0-17", "18-24", "25-34", "35-44", "45-54", "55+"])
CHILDREN = ([0, 3, 7, 12, 200], ["0-2", "3-6", "7-11", "12+"])


def read_events(raw: Path) -> pd.DataFrame:
    """The usable rows: with a person, without duplicates and contradictions, with groups and sessions."""
    frame = pd.concat([pd.read_csv(path, dtype={"session_id": str}) for path in sorted(raw.glob("events*.csv"))])
    frame = frame[frame["person_id"].notna()].drop_duplicates()
    frame = frame[~frame.duplicated(["person_id", "happened_at"], keep=False)]
    frame["happened_at"] = pd.to_datetime(frame["happened_at"], format="ISO8601")
    frame = frame.sort_values(["person_id", "happened_at"]).reset_index(drop=True)
    frame["category"] = frame["category"].fillna("unknown")
    newest = frame.groupby("person_id")[["gender", "city", "age", "child_age"]].last()  # the last that is not null
    frame["gender"] = frame["person_id"].map(newest["gender"]).fillna("unknown")
    frame["city"] = frame["person_id"].map(newest["city"]).fillna("unknown")
    frame["age_group"] = _groups(frame["person_id"].map(newest["age"]), AGES, "unknown")
    frame["child_group"] = _groups(frame["person_id"].map(newest["child_age"]), CHILDREN, "no child")
    frame["day"] = frame["happened_at"].dt.normalize()
    frame["week"] = frame["day"] - pd.to_timedelta(frame["day"].dt.weekday, unit="D")
    frame["month"] = frame["day"].dt.to_period("M").dt.to_timestamp()
    is_purchase = frame["action"] == "purchase"
    values = frame["value"].where(is_purchase)
    by_category = values.groupby(frame["category"])
    distance = (values - by_category.transform("mean")).abs()
    frame["is_outlier"] = is_purchase & (distance > 3 * by_category.transform("std"))
    frame["order"] = is_purchase
    frame["revenue"] = values.fillna(0)
    pause = frame.groupby("person_id")["happened_at"].diff()
    frame["session"] = (pause.isna() | (pause > pd.Timedelta(minutes=30))).cumsum()
    return frame


def _groups(values: pd.Series, groups: tuple[list[int], list[str]], without: str) -> pd.Series:
    return pd.cut(values, groups[0], labels=groups[1], right=False).astype(object).where(values.notna(), without)


def activity(events: pd.DataFrame, grain: str) -> pd.DataFrame:
    """Visitors, buyers, orders, revenue by period: the columns that pages divide."""
    grouped = events.groupby(grain)
    return pd.DataFrame(
        {
            "users": grouped["person_id"].nunique(),
            "buyers": events[events["order"]].groupby(grain)["person_id"].nunique(),
            "events": grouped.size(),
            "orders": grouped["order"].sum(),
            "revenue": grouped["revenue"].sum(),
            "outliers": grouped["is_outlier"].sum(),
        }
    ).fillna(0)


def sessions(events: pd.DataFrame) -> pd.DataFrame:
    """One row per session."""
    grouped = events.groupby("session")
    return pd.DataFrame(
        {
            "month": grouped["month"].first(),
            "seconds": (grouped["happened_at"].max() - grouped["happened_at"].min()).dt.total_seconds(),
            "events": grouped.size(),
            "has_cart": grouped["action"].agg(lambda actions: (actions == "cart").any()),
            "has_purchase": grouped["order"].any(),
        }
    )
