"""A ready table of two customers, declared and put into a lake as an ingest would."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from features import ReadyTable, TableFeature
from lake import Column, Table
from lake.table import DayChecksum, IngestedFile, Manifest, Month
from projects import Project, load_project
from training import TrainingPlan

SILENCE = TableFeature("silence", "days", "never", "Has not come for a while", "days since the last visit")
PLAN = TableFeature("plan", "1 or 0", "no plan", "The plan", "plan", (("basic", "Basic"), ("plus", "Dad's +")))
TABLE = ReadyTable(
    name="customers",
    files="customers.csv",
    entity=Column("user_id", "bigint", "the customer"),
    as_of="month",
    left="gone",
    horizon_days=30,
    columns=(SILENCE, PLAN),
)
UNDATED = replace(TABLE, as_of=date(2026, 3, 1))


def ingest_source(
    lake: Path,
    rows: list[tuple[int, str, str | None, float | None, str | None]],
    digest: str = "d",
    project: str = "shop",
) -> None:
    """Put rows into the lake as an ingest would: user, date, label, silence, plan."""
    table, frame = Table(lake, project, "customers"), pd.DataFrame(rows, columns=["user_id", "day", *"gsp"])
    months = {}
    for month, its in frame.groupby(frame["day"].str[:7]):
        days = [date.fromisoformat(day) for day in its["day"]]
        columns = {"user_id": its["user_id"], "month": days, "as_of": days, "gone": its["g"].astype("string"),
                   "silence": its["s"].astype(float), "plan": its["p"].astype("string")}  # fmt: skip
        table.month(str(month), digest).mkdir(parents=True)
        pd.DataFrame(columns).to_parquet(table.month(str(month), digest) / "part.parquet")
        marks = [DayChecksum(str(day), str(day), len(part), zlib.crc32(f"{part.to_numpy().tolist()}".encode()))
                 for day, part in its.groupby("day")]  # fmt: skip
        months[str(month)] = Month(digest, 0, tuple(marks))
    taken = IngestedFile("abc", "b", 0, None, len(rows), 0, dict.fromkeys(months, 1))
    table.publish(Manifest(digest, "m", min(frame["day"]), max(frame["day"]), {"customers.csv": taken}, months))


def rows(*days: str, labels: Mapping[str, str | None] | None = None) -> list[Any]:
    """Two customers at each date, the second of whom left; both without a label where `labels` says None."""
    label_names = labels or {}
    return [
        (user, day, label_names.get(day, str(user - 1)), 10.0 * user, ("Basic", "Dad's +")[user - 1])
        for day in days
        for user in (1, 2)
    ]


def project(table: ReadyTable) -> Project:
    """The record shop's plan, policy and name, with this table instead of its log."""
    shop = load_project("cdnow")
    return replace(
        shop, entity="user_id", mart=replace(shop.mart, entity="user_id"), table=table, sources=(), features=(),
        populations=(replace(shop.populations[0], where="true", label=table.label),),
        first_snapshot=date.min, training=TrainingPlan(recency="silence"),
    )  # fmt: skip
