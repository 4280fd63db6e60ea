"""Past assignments become an experiment: features of the day, matured labels, probabilities; lost rows are counted."""

import shutil
import uuid
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from actions.declare.plan import ActionPlan
from actions.design.campaign import open_campaign
from actions.design.past_experiments import PastExperiments, read_past_experiments
from actions.experiment import ExperimentError
from features import DuckEngine, Snapshots
from serving import Mart
from stack.postgres import connect
from tests.end_to_end.conftest import Clone
from tests.unit.actions.plans import ACTIVE, PLAN, SPEC, plan
from tests.unit.actions.shop import ACTIONS, CAMPAIGNS, LATEST, WEIGHTS, Shop, build, ingest_shop, make_shop
from tests.unit.builders import is_one_sentence

ARMS = ("control", "email_none_1", "email_discount_2", "sms_discount_1")


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(people=3_000)


@pytest.fixture(scope="module")
def lake(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ingest_shop(shop, tmp_path_factory.mktemp("shop")).folder.parents[1]


@pytest.fixture
def snapshots(lake: Path, tmp_path: Path) -> Snapshots:
    """The shop under a project name of its own."""
    spec = replace(SPEC, project=f"shop_{uuid.uuid4().hex[:8]}")
    shutil.copytree(lake / "shop" / "tables", tmp_path / spec.project / "tables")
    return Snapshots(tmp_path, spec)


def read(
    clone: Clone, snapshots: Snapshots, actions: ActionPlan = PLAN, as_of: date = LATEST, mart: Mart | None = None,
    **options: Any,
) -> PastExperiments:  # fmt: skip
    mart = mart or Mart("shop_scores", "user_id", "text")
    return read_past_experiments(
        actions, snapshots, lambda: DuckEngine(SPEC.time_zone), as_of, mart, clone.url, **options
    )


def with_shop(shop: Shop, folder: Path, **changes: pd.DataFrame) -> Snapshots:
    return ingest_shop(replace(shop, **changes), folder)


def test_rows_have_the_features_the_label_and_the_exact_probabilities_of_the_day(
    clone: Clone, snapshots: Snapshots, shop: Shop
) -> None:
    past = read(clone, snapshots)
    experiment = past.experiment
    assert experiment.arms == ARMS
    assert experiment.cost.tolist() == [0.0, 1.0, 22.0, 24.0]
    consents = shop.customers.set_index("user_id").loc[list(experiment.people)]
    channels = consents[["accepts_email", "accepts_email", "accepts_sms"]].to_numpy()
    weights = np.array([WEIGHTS[name] for name in experiment.campaigns])
    weights = weights * np.column_stack([np.ones(len(channels)), channels])
    assert experiment.probability == pytest.approx(weights / weights.sum(axis=1, keepdims=True), abs=2e-6)
    day = pd.to_datetime(pd.Series(experiment.assigned_on)) - pd.Timestamp(2026, 1, 1)
    visits = shop.visits.assign(seen=(pd.to_datetime(shop.visits["seen_at"]) - pd.Timestamp(2026, 1, 1)).dt.days)
    seen = visits.groupby("user_id")["seen"].apply(np.array)
    pairs = zip(experiment.people, day.dt.days, strict=True)
    stayed = [bool(((seen[person] >= start) & (seen[person] < start + 30)).any()) for person, start in pairs]
    assert (experiment.outcome == np.array(stayed, dtype=float)).all()
    assert 0 < experiment.outcome.mean() < 1
    pairs = zip(experiment.people, day.dt.days, strict=True)
    counts = [((seen[person] >= start - 90) & (seen[person] < start)).sum() for person, start in pairs]
    assert (experiment.rows[:, experiment.names.index("visits_count_90d")] == counts).all()
    assert np.isnan(experiment.baseline).all()


def test_every_assignment_is_a_row_or_counted(clone: Clone, snapshots: Snapshots, shop: Shop) -> None:
    past = read(clone, snapshots)
    assert len(past.experiment) + sum(past.left_out.values()) == len(shop.offered)
    assert list(past.left_out) == ["were in no population on the day"]
    assert past.describe().endswith(f"left out: {sum(past.left_out.values()):,} were in no population on the day")
    assert {check.name: check.passed for check in past.checks} == {
        "sample_ratio": True, "balance": True, "contamination": True, "arm_probabilities": True,
    }  # fmt: skip
    assert past.contaminated_share == 0


def test_campaigns_that_wait_for_labels_and_old_ones_are_left_out(clone: Clone, snapshots: Snapshots) -> None:
    """On 20 May the labels of the second campaign, of 8 May, are not known; that of the first, of 10 April, are."""
    first = read(clone, snapshots, as_of=date(2026, 5, 20))
    assert set(first.experiment.campaigns) == {"c1"}
    assert first.left_out["wait for their label"] > 0
    assert first.experiment.arms == ARMS[:3], "nobody got an SMS in the first campaign"
    recent = read(clone, snapshots, plan(history_days=(LATEST - CAMPAIGNS["c2"]).days))
    assert set(recent.experiment.campaigns) == {"c2"}
    with pytest.raises(ExperimentError, match=r"No past assignment can be analysed \([\d,]+ wait for") as caught:
        read(clone, snapshots, as_of=CAMPAIGNS["c1"] + timedelta(days=20))
    assert is_one_sentence(caught.value)


def test_unusable_assignments_are_left_out_by_their_reason(clone: Clone, shop: Shop, tmp_path: Path) -> None:
    offered = shop.offered.reset_index(drop=True)
    offered.loc[0, "probability"] = 1.0
    offered.loc[1, "probability"] = 0.0
    offered.loc[2, "probability"] = None
    twice = offered.iloc[[3]]
    treated_alone = offered.iloc[4:8].assign(
        campaign_id="c3", arm="treatment", channel="email", offer="none", contacts=1, probability=0.5
    )
    old = offered.iloc[8:10].assign(campaign_id="c4", assigned_at="2026-04-10 11:00:00", channel="fax", contacts=1,
                                    offer="none", arm=["treatment", "control"], probability=0.5)  # fmt: skip
    snapshots = with_shop(shop, tmp_path, offered=pd.concat([offered, twice, treated_alone, old]))
    past = read(clone, snapshots)
    assert past.left_out["have a probability of 0, 1 or none, so nothing was drawn"] == 3
    assert past.left_out["were assigned twice in a campaign"] == 2
    assert past.left_out["are of a campaign with one arm"] == 4
    assert past.left_out["got an action that the plan does not declare"] == 1
    assert len(past.experiment) + sum(past.left_out.values()) == len(offered) + 1 + 4 + 2


def test_contacted_control_people_fail_the_contamination_check(clone: Clone, shop: Shop, tmp_path: Path) -> None:
    controls = shop.offered[(shop.offered["arm"] == "control") & (shop.offered["campaign_id"] == "c2")].iloc[:40]
    sent = controls.assign(channel="email", happened_at="2026-05-09 10:00:00", action="send")
    refused = controls.assign(channel="email", happened_at="2026-05-09 10:00:00", action="refuse")
    for action, rows, passed in (("send", sent, False), ("refuse", refused, True)):
        changed = pd.concat([shop.sent, rows[shop.sent.columns]])
        past = read(clone, with_shop(shop, tmp_path / action, sent=changed))
        check = next(check for check in past.checks if check.name == "contamination")
        assert check.passed == passed
        assert passed or check.sentence.endswith("got a message of their campaign, most in c2.")
        assert (past.contaminated_share == 0) == passed


def test_without_control_or_without_actions_one_sentence_says_so(clone: Clone, shop: Shop, tmp_path: Path) -> None:
    treated = shop.offered[shop.offered["arm"] == "treatment"]
    with pytest.raises(ExperimentError, match="have no row of control") as caught:
        read(clone, with_shop(shop, tmp_path / "a", offered=treated))
    assert is_one_sentence(caught.value)
    few = shop.offered[(shop.offered["arm"] == "control") | (np.arange(len(shop.offered)) < 20)]
    with pytest.raises(ExperimentError, match="have no action with 30 rows or more") as caught:
        read(clone, with_shop(shop, tmp_path / "b", offered=few))
    assert is_one_sentence(caught.value)


def test_people_outside_the_plans_populations_are_counted(clone: Clone, snapshots: Snapshots) -> None:
    few = replace(ACTIVE, name="few", model="few", where="visits_count_90d < 8 and visits_count_90d >= 1")
    many = replace(ACTIVE, where="visits_count_90d >= 8")
    two = Snapshots(snapshots.folder.parents[1], replace(snapshots.spec, populations=(many, few)))
    past = read(clone, two)
    assert past.left_out["were in a population that the plan does not contact"] > 0
    assert (past.experiment.rows[:, past.experiment.names.index("visits_count_90d")] >= 8).all()


def test_our_own_campaigns_are_read_with_the_probabilities_of_their_design(clone: Clone, snapshots: Snapshots) -> None:
    day, mart = date(2026, 5, 20), Mart(f"shop_{uuid.uuid4().hex[:8]}", "user_id", "text")
    build(snapshots, day)
    mart.create(clone.url, day)
    open_campaign(plan(rest_days=0), snapshots, day, mart, clone.url)
    past = read(clone, snapshots, mart=mart)
    campaign = f"{snapshots.spec.project}-{day}"
    rows = past.experiment.select(past.experiment.campaigns == campaign)
    groups = dict(
        clone.rows("select arm, count(*) from ops.assignments where project = %s group by arm", snapshots.spec.project)
    )
    assert len(rows) == int(groups["control"]) + int(groups["explore"])
    allowed = (rows.probability > 0)[:, 1:].sum(axis=1)
    assert rows.probability[:, 0] == pytest.approx(np.full(len(rows), 0.2 / 0.5))
    assert rows.probability[:, 1:].max(axis=1) == pytest.approx(0.6 / allowed)
    assert set(rows.assigned_on.astype(str)) == {str(day)}
    without = read(clone, snapshots, own_campaigns=False)
    assert campaign not in set(without.experiment.campaigns)
    assert len(without.experiment) + len(rows) == len(past.experiment)


def test_the_baseline_is_the_score_published_before_the_assignment(clone: Clone, snapshots: Snapshots) -> None:
    day, mart = date(2026, 5, 20), Mart(f"shop_{uuid.uuid4().hex[:8]}", "user_id", "text")
    build(snapshots, day)
    mart.create(clone.url, day)
    insert = (
        f"insert into mart.{mart.table} (score_date, user_id, population, churn_probability, risk_decile, model_name, "
        "model_version, label_matures_on, scored_at) select %s, 'u' || lpad(n::text, 6, '0'), 'active', n / 10000.0, "
        "1, 'm', '1', %s, {} from generate_series(0, 1999) n where n %% 2 = %s"
    )
    values = (day, day + timedelta(days=30))
    with connect(clone.url, role="prichal_writer") as connection:
        connection.execute(insert.format("now()"), [*values, 0])
    open_campaign(plan(rest_days=0), snapshots, day, mart, clone.url)
    with connect(clone.url, role="prichal_writer") as connection:
        connection.execute(insert.format("now() + interval '1 hour'"), [*values, 1])
    experiment = read(clone, snapshots, mart=mart).experiment
    own_rows = experiment.select(experiment.assigned_on == np.datetime64(day))
    numbers = np.array([int(person[1:]) for person in own_rows.people])
    before = (numbers < 2000) & (numbers % 2 == 0)
    assert own_rows.baseline[before] == pytest.approx(numbers[before] / 10_000)
    assert before.any()
    assert np.isnan(own_rows.baseline[~before]).all(), "a score published later is no baseline"
    others = experiment.select(experiment.assigned_on != np.datetime64(day))
    assert np.isnan(others.baseline).all()


def test_the_arms_of_the_shop_are_those_of_its_plan() -> None:
    names = ["control", *(f"{channel}_{offer}_{contacts}" for channel, offer, contacts in ACTIONS[1:])]
    assert tuple(names) == PLAN.arms == ARMS
