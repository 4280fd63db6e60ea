"""A table that is ready instead of a log: with the record shop's own features it gives the record shop's own figures.

Projects live in the code, so each test works in a copy of it; the services are those of the other tests. Snapshots are
made by DuckDB: the tests of Spark see that both engines make the same.
"""

import json
import re
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient

from features import OWNER_STATEMENT, Snapshots, monthly
from projects import load_project
from tests.end_to_end.code_copy import copy_code, run_job, undated_customers, write_project
from tests.end_to_end.conftest import ROOT, Clone

#: the record shop's features as a table of their own, and the quick ones of its families.
SAME = """
from dataclasses import replace
from pathlib import Path
from features import Population, ReadyTable, TableFeature
from lake import Column
from projects.cdnow.project import PROJECT as SHOP
from projects.project import Project
from serving import Mart

TABLE = ReadyTable(
    name="customers",
    files="customers.csv",
    entity=Column("customer_id", "bigint", "the customer"),
    as_of="as_of",
    left="label",
    horizon_days=90,
    columns=tuple(TableFeature(one.name, one.unit, one.null, one.reason, one.description) for one in SHOP.features),
)
PROJECT = Project(
    name="same",
    description="The record shop by its own features.",
    entity="customer_id",
    raw=Path(__file__).parent / "data",
    table=TABLE,
    populations=(Population("active", "true", "same_churn", "every row", TABLE.label),),
    training=replace(SHOP.training, families=("recency", "logistic")),
    policy=SHOP.policy,
    mart=Mart(table="same_scores", entity="customer_id"),
)
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return copy_code(tmp_path / "code")


def evidence(clone: Clone, model: str) -> dict[str, Any]:
    mlflow.set_tracking_uri(clone.environment["MLFLOW_TRACKING_URI"])
    run = MlflowClient().get_model_version_by_alias(model, "challenger").run_id
    return json.loads(mlflow.artifacts.load_text(f"runs:/{run}/evidence.json"))


def features_of_the_shop(clone: Clone) -> pd.DataFrame:
    """Customer, date, 18 features and label of the monthly snapshots that the other tests' morning made."""
    shop = load_project("cdnow")
    snapshots = Snapshots(clone.lake, shop.spec)
    days = monthly(shop.first_snapshot, snapshots.coverage.end)
    parts = [pd.read_parquet(snapshots.path(day)).assign(as_of=day) for day in days]
    names = [feature.name for feature in shop.features]
    return pd.concat(parts).astype({"label": "Int64"})[["customer_id", "as_of", *names, "label"]]


@pytest.mark.slow
def test_the_record_shops_features_as_a_table_give_equal_figures(clone: Clone, morning: object, code: Path) -> None:
    raw = write_project(code, "same", SAME)
    rows = features_of_the_shop(clone)
    rows.sample(frac=1, random_state=1).to_csv(raw / "customers.csv", index=False)
    for name, *arguments in (("ingest",), ("train", "--trials", "0")):
        done = run_job(clone, code, name, "--project", "same", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    table, log = evidence(clone, "same_churn"), evidence(clone, "cdnow_churn")
    for what in ("digest", "out_of_time_digest", "development", "out_of_time", "out_of_time_rows", "validation"):
        assert table["data"][what] == log["data"][what], what
    quick = [item for item in log["candidates"] if item["name"] in {"recency", "logistic"}]
    assert table["candidates"] == quick, "each candidate's figures, to the last digit"
    assert table["data"]["point_in_time"] == OWNER_STATEMENT


def test_a_table_without_dates_is_promoted_if_the_policy_allows_it(clone: Clone, code: Path) -> None:
    """The project file is the one of docs/your-own-data.md, with one day instead of dates, and the cheapest search."""
    section = (ROOT / "docs" / "your-own-data.md").read_text().partition("## A table you already have")[2]
    text = re.search(r"```python\n(.*?)```", section, re.DOTALL).group(1)  # type: ignore[union-attr]
    for dated, instead in (
        ('as_of="month"', "as_of=date(1997, 9, 1)"),
        ('recency="days_since_last"', 'recency="days_since_last", families=("recency", "logistic")'),
        ("Policy()", "Policy(allow_not_out_of_time=True)"),
    ):
        assert dated in text
        text = text.replace(dated, instead)
    raw = write_project(code, "ready", f"from datetime import date\n{text}")
    rows = undated_customers("1997-09-01", every=4)
    rows.to_csv(raw / "customers.csv", index=False)

    done = run_job(clone, code, "main", "--project", "ready", "--trials", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "validated by entity, not out of time; held out part 9, part 10" in done.stdout
    assert "yes  The model was validated by entity, not out of time" in done.stdout
    assert "no quality measured" in done.stdout
    assert OWNER_STATEMENT in done.stdout
    compared = clone.rows("select distinct verdict, usual from ops.drift where model_name = 'ready_churn'")
    assert compared == [("stable", 0.0)], "a tenth of the customers against the others"
    waiting = rows[rows["churned"].isna()]["customer_id"].tolist()
    assert clone.rows("select customer_id from mart.ready_scores order by 1") == [(item,) for item in sorted(waiting)]

    sentence = evidence(clone, "ready_churn")
    assert {leak["check"] for leak in sentence["leaks"]} == {
        "order", "single_feature", "label_permutation", "too_good_rules", "entities_apart",
    }  # fmt: skip
    assert sentence["data"]["windows"] is None
    assert sentence["months"] == []
    assert sentence["data"]["out_of_time_rows"] == pytest.approx(0.2 * (len(rows) - len(waiting)), abs=2)
    version = MlflowClient().get_model_version_by_alias("ready_churn", "production")
    assert "validated by entity, not out of time" in version.description
    card = mlflow.artifacts.load_text(f"runs:/{version.run_id}/model_card.md")
    assert OWNER_STATEMENT in card.replace("\\", "")
    figures = MlflowClient().get_run(version.run_id).data.metrics
    assert figures["held_out_auc"] == sentence["metrics"]["auc"]["value"]
    assert not [name for name in figures if name.startswith("oot_")]
