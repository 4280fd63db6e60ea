"""The lake of a small shop: real exports, ingested on DuckDB, with two randomised campaigns of the past."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from actions.design.draws import uniform_draws
from features import DuckEngine, Snapshots
from lake import Table, ingest
from tests.unit.actions.plans import SPEC

#: the day after the last day of data, and the days of two past campaigns whose labels have matured.
LATEST = date(2026, 7, 1)
CAMPAIGNS = {"c1": date(2026, 4, 10), "c2": date(2026, 5, 8)}
#: weights of control and the shop's three actions in each campaign; a closed channel's weight is shared by the others.
WEIGHTS = {"c1": np.array([0.2, 0.4, 0.4, 0.0]), "c2": np.array([0.25, 0.25, 0.25, 0.25])}
ACTIONS = [(None, None, 0), ("email", "none", 1), ("email", "discount", 2), ("sms", "discount", 1)]


@dataclass(frozen=True)
class Shop:
    """Exports of the shop: customers with their consents, visits, assignments and messages."""

    customers: pd.DataFrame
    visits: pd.DataFrame
    offered: pd.DataFrame
    sent: pd.DataFrame


def make_shop(people: int = 2_000, seed: int = 1) -> Shop:
    """Draw the shop's customers, who come every week until they leave."""
    rng = np.random.default_rng(seed)
    customers = pd.DataFrame(
        {
            "user_id": [f"u{number:06d}" for number in range(people)],
            "accepts_email": (rng.random(people) < 0.8).astype(int),
            "accepts_sms": (rng.random(people) < 0.5).astype(int),
            "weekday": rng.integers(0, 7, people),
            "leaves": rng.choice(np.array([30, 80, 120, 160, 1000]), people, p=[0.05, 0.05, 0.1, 0.1, 0.7]),
        }
    )
    offered = pd.concat([_campaign(rng, customers, name, day) for name, day in CAMPAIGNS.items()])
    treated = offered[offered["arm"] == "treatment"]
    sent = treated.assign(happened_at=treated["assigned_at"], action="send")
    return Shop(customers, _visits(customers), offered, sent[list(_names("sent"))])


def ingest_shop(shop: Shop, folder: Path) -> Snapshots:
    """Write the exports, ingest them, and return the shop's snapshots, none of which is built yet."""
    raw, lake = folder / "raw" / str(LATEST), folder / "lake"
    raw.mkdir(parents=True)
    for source in SPEC.sources:
        rows: pd.DataFrame = getattr(shop, source.name)
        rows[list(_names(source.name))].to_csv(raw / f"{source.name}.csv", index=False)
        ingest(
            lambda: DuckEngine(SPEC.time_zone), source, raw.parent, Table(lake, SPEC.project, source.name),
            time_zone=SPEC.time_zone, today=LATEST,
        )  # fmt: skip
    return Snapshots(lake, SPEC)


def build(snapshots: Snapshots, *days: date) -> None:
    """Build snapshots on DuckDB."""
    snapshots.build(lambda: DuckEngine(SPEC.time_zone), days)


def _visits(customers: pd.DataFrame) -> pd.DataFrame:
    weeks = customers.merge(pd.DataFrame({"week": range(26)}), how="cross")
    day = weeks["week"] * 7 + weeks["weekday"]
    weeks = weeks.assign(seen_at=(pd.Timestamp(2026, 1, 1) + pd.to_timedelta(day, unit="D")).dt.date)
    return weeks[(day < weeks["leaves"]) & (weeks["seen_at"] < LATEST)]


def _campaign(rng: np.random.Generator, customers: pd.DataFrame, name: str, day: date) -> pd.DataFrame:
    """Half of the customers who can get an action of the campaign, each with a drawn arm."""
    channels = customers[["accepts_email", "accepts_email", "accepts_sms"]].to_numpy()
    weights = WEIGHTS[name] * np.column_stack([np.ones(len(customers)), channels])
    is_selected = (uniform_draws(name, customers["user_id"]) < 0.5) & (weights[:, 1:].sum(axis=1) > 0)
    probabilities = (weights / weights.sum(axis=1, keepdims=True))[is_selected]
    arm = (rng.random((len(probabilities), 1)) < np.cumsum(probabilities, axis=1)).argmax(axis=1)
    rows = customers.loc[is_selected, ["user_id"]].reset_index(drop=True)
    for place, column in enumerate(("channel", "offer", "contacts")):
        rows[column] = [ACTIONS[drawn][place] for drawn in arm]
    return rows.assign(
        assigned_at=f"{day} 11:00:00",
        campaign_id=name,
        arm=np.where(arm == 0, "control", "treatment"),
        probability=probabilities[np.arange(len(arm)), arm].round(6),
    )


def _names(source: str) -> list[str]:
    return [column.name for column in next(item for item in SPEC.sources if item.name == source).columns]
