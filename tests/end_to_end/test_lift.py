"""Measured lift in PostgreSQL and MLflow: assignments and labels become rows, pictures and a page."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import psycopg
import pytest
from mlflow import MlflowClient

from actions.declare.plan import ActionPlan
from actions.design.draws import uniform_draws
from actions.lift.campaign_lift import CampaignLift, LiftResult
from actions.lift.contacted_people import read_contacts
from actions.lift.measure.estimate import PLAIN
from actions.lift.measure.lift_row import (
    BETTER,
    CAMPAIGN_CONTROL,
    GLOBAL_CONTROL_GROUP,
    NO_DIFFERENCE,
    NOT_KNOWN_YET,
    LiftRow,
)
from actions.lift.report.lift_table import LiftTable
from features import DuckEngine, Snapshots
from lake import Table, ingest
from serving import Mart, PopulationScores, ScoreFiles, publish
from stack.folders.atomic import sha256_of_files
from tests.end_to_end.conftest import Clone
from tests.unit.actions.plans import PLAN, SPEC
from training import Slice

PROJECT, PEOPLE = "lift_shop", 6_000
LATEST, OLD, NEW = date(2026, 7, 1), date(2026, 4, 10), date(2026, 6, 20)
MART = Mart(f"{PROJECT}_scores", "user_id", "text")
#: probability of leaving of a person whom nobody contacts, and of a person with an action.
LEAVES, LEAVES_TREATED = 0.30, 0.15


def shop_plan(**changes: object) -> ActionPlan:
    segments = (Slice("visits", "visits_count_90d", (10,)), Slice("sms", "visits_accepts_sms_last_all", (1,)))
    return replace(PLAN, segments=segments, assignments=None, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def snapshots(tracking: Clone, tmp_path_factory: pytest.TempPathFactory) -> Snapshots:
    """A shop whose customers came every week; those assigned to an action on the old day left less often."""
    folder, random = tmp_path_factory.mktemp("lift"), np.random.default_rng(1)
    entities = [f"u{number:05d}" for number in range(PEOPLE)]
    for name, day in (("old", OLD), ("new", NEW)):
        assign(tracking, name, day, entities)
    arms = dict(
        tracking.rows("select entity, arm from ops.assignments where project = %s and campaign = 'old'", PROJECT)
    )
    treated = np.array([arms[entity] in ("explore", "policy") for entity in entities])
    leaves = random.random(PEOPLE) < np.where(treated, LEAVES_TREATED, LEAVES)
    raw, lake = folder / "raw" / str(LATEST), folder / "lake"
    raw.mkdir(parents=True)
    visits(entities, leaves, random).to_csv(raw / "visits.csv", index=False)
    offered(entities).to_csv(raw / "offered.csv", index=False)
    sent = pd.DataFrame({"user_id": entities[:3], "happened_at": f"{OLD} 12:00:00", "campaign_id": "old",
                         "channel": "email", "action": "send"})  # fmt: skip
    sent.to_csv(raw / "sent.csv", index=False)
    spec = replace(SPEC, project=PROJECT, sources=tuple(
        source if source.name == "visits" else replace(source, sparse=True) for source in SPEC.sources))  # fmt: skip
    for source in spec.sources:
        table = Table(lake, PROJECT, source.name)
        ingest(lambda: DuckEngine("Europe/Moscow"), source, raw.parent, table, time_zone="Europe/Moscow", today=LATEST)
    return Snapshots(lake, spec)


def visits(entities: list[str], leaves: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """Weekly visits until the old campaign, and after it those of the people who stay."""
    start, last = pd.Timestamp(2026, 1, 1), pd.Timestamp(LATEST) - pd.Timedelta(days=1)
    frame = pd.DataFrame({"user_id": entities, "until": np.where(leaves, pd.Timestamp(OLD), last),
                          "accepts_email": 1, "accepts_sms": random.integers(0, 2, PEOPLE)})  # fmt: skip
    frame = frame.merge(pd.DataFrame({"week": range(26)}), how="cross")
    frame["seen_at"] = start + pd.to_timedelta(frame["week"] * 7, unit="D")
    frame = frame[(frame["seen_at"] < frame["until"]) | (frame["seen_at"] < pd.Timestamp(OLD))]
    closing = pd.DataFrame({"user_id": ["last"], "accepts_email": 1, "accepts_sms": 1, "seen_at": [last]})
    return pd.concat([frame, closing])[["user_id", "seen_at", "accepts_email", "accepts_sms"]].assign(
        seen_at=lambda rows: rows["seen_at"].dt.date
    )


def offered(entities: list[str]) -> pd.DataFrame:
    """The history in the lake: a matured campaign without effect, and one that waits for its labels."""
    rows = pd.DataFrame({"user_id": entities[:61], "assigned_at": f"{NEW} 11:00:00", "campaign_id": "past",
                         "channel": "email", "offer": "discount", "contacts": 2, "probability": 0.5})  # fmt: skip
    rows["arm"] = np.where(np.arange(61) % 3 == 0, "control", "treatment")
    rows.loc[60, ["assigned_at", "campaign_id", "arm"]] = [f"{OLD} 11:00:00", "older", "treatment"]
    matured = pd.DataFrame({"user_id": entities[1_000:3_000], "assigned_at": f"{OLD} 11:00:00",
                            "campaign_id": "history", "channel": "email", "offer": "none", "contacts": 1,
                            "probability": 0.5})  # fmt: skip
    matured["arm"] = np.where(uniform_draws("history", matured["user_id"]) < 0.5, "control", "treatment")
    return pd.concat([rows, matured])


def assign(clone: Clone, campaign: str, day: date, entities: list[str]) -> None:
    """Assign everybody by the draws of the database: 5% global control, 20% control, 30% explore, 50% policy.

    The shares after the first are of the others. The moment of the assignment is later than that of the scores.
    """
    statements = [
        "insert into ops.global_controls (project, salt, share) values (%(project)s, 'lift', 0.05) "
        "on conflict (project) do nothing",
        "insert into ops.campaigns (project, campaign, starts_on, design) "
        "values (%(project)s, %(campaign)s, %(day)s, '{}')",
        """
        insert into ops.assignments
          (project, campaign, entity, arm, action, probability, allowed_actions, assigned_at, salt, global_share)
        select %(project)s, %(campaign)s, entity, arm,
          case when arm = 'explore' then 'email_none_1' end,
          case arm when 'global control' then 0.05 when 'control' then 0.95 * 0.2 when 'explore' then 0.95 * 0.3
            else 0.95 * 0.5 end,
          array['email_none_1'], now() + interval '1 day', 'lift', 0.05
        from (
          select entity, case when ops.uniform_draw('lift', entity) < 0.05 then 'global control'
            when draw < 0.2 then 'control' when draw < 0.5 then 'explore' else 'policy' end as arm
          from (select entity, ops.uniform_draw('lift' || %(campaign)s, entity) as draw
                from unnest(%(entities)s::text[]) entity) drawn
        ) assigned
        """,
    ]
    with psycopg.connect(clone.owner_url) as connection:
        for statement in statements:
            connection.execute(statement, {"project": PROJECT, "campaign": campaign, "day": day, "entities": entities})


@pytest.fixture(scope="module")
def planned(tracking: Clone) -> str:
    """The day's plan: the policy gave a third of its people an SMS that costs 24."""
    MART.create(tracking.url)
    tracking.as_owner(
        f"select mart.create_actions('{PROJECT}_actions', '{PROJECT}_scores', 'user_id', 'text')",
        f"""insert into mart.{PROJECT}_actions
            (score_date, user_id, population, campaign, arm, action, channel, offer, contacts, cost, policy_version,
             planned_at)
            select date '{OLD}', entity, 'active', 'old', 'policy', 'sms_discount_1', 'sms', 'discount', 1, 24, '1',
              now()
            from ops.assignments where project = '{PROJECT}' and campaign = 'old' and arm = 'policy'
              and ops.uniform_draw('third', entity) < 1 / 3.0""",
    )
    return f"mart.{PROJECT}_actions"


@pytest.fixture(scope="module")
def published(tracking: Clone, snapshots: Snapshots, tmp_path_factory: pytest.TempPathFactory) -> date:
    """Scores of the old day, published before its campaign."""
    snapshots.build(lambda: DuckEngine("Europe/Moscow"), [OLD])
    keys = pd.concat([pd.read_parquet(file, columns=["user_id"]) for file in snapshots.path(OLD).glob("*.parquet")])
    random = np.random.default_rng(0)
    rows = keys.assign(user_id=keys["user_id"].astype("string"), churn_probability=random.random(len(keys)))
    for place in (1, 2, 3):
        rows[f"reason_{place}"] = pd.Series([None] * len(rows), dtype="string", index=rows.index)
    folder = tmp_path_factory.mktemp("scores")
    rows.to_parquet(folder / "part.parquet")
    files = ScoreFiles(folder, len(rows), 0.0, sha256_of_files(folder, "*.parquet"))
    scores = PopulationScores("active", files, "shop_churn", "1", OLD + timedelta(30), len(rows))
    publish(tracking.url, MART, OLD, [scores])
    return OLD


def lift_of(clone: Clone, snapshots: Snapshots, plan: ActionPlan, lines: list[str] | None = None) -> CampaignLift:
    say = (lines if lines is not None else []).append
    return CampaignLift(plan, snapshots, lambda: DuckEngine("Europe/Moscow"), LATEST, MART, clone.url, say)


@pytest.fixture(scope="module")
def measured(tracking: Clone, snapshots: Snapshots, planned: str, published: date) -> tuple[str, LiftResult]:
    """The step, once: id of its run and its result."""
    with mlflow.start_run() as run:
        result = lift_of(tracking, snapshots, shop_plan()).run()
    return run.info.run_id, result


def rows_of(clone: Clone, columns: str) -> list[tuple[object, ...]]:
    query = (
        f"select {columns} from mart.campaign_lift where project = %s order by campaign, action, segment, comparison"
    )
    return clone.rows(query, PROJECT)


def test_a_campaign_that_keeps_people_is_called_better_against_both_control_groups(
    tracking: Clone, measured: tuple[str, LiftResult]
) -> None:
    whole = {
        str(row[0]): row[1:]
        for row in tracking.rows(
            "select comparison, treated, control, lift, lift_low, lift_high, people_kept, conclusion, verdict, method "
            "from mart.campaign_lift where project = %s and campaign = 'old' and action = 'all' and segment = 'all'",
            PROJECT,
        )
    }
    assert set(whole) == {CAMPAIGN_CONTROL, GLOBAL_CONTROL_GROUP}
    counts = dict(tracking.rows(
        "select arm, count(*) from ops.assignments where project = %s and campaign = 'old' group by arm", PROJECT
    ))  # fmt: skip
    for comparison, group in ((CAMPAIGN_CONTROL, "control"), (GLOBAL_CONTROL_GROUP, "global control")):
        treated, control, lift, low, high, people, conclusion, sentence, method = whole[comparison]
        assert (treated, control) == (counts["explore"] + counts["policy"], counts[group])  # type: ignore[operator]
        assert low < LEAVES - LEAVES_TREATED < high  # type: ignore[operator]
        assert people == pytest.approx(treated * lift)  # type: ignore[operator]
        assert conclusion == BETTER
        assert str(sentence).startswith(f"kept {people:,.0f} more people than control (95% interval ")
        assert method == "adjusted by the score before the campaign"


def test_the_cost_is_that_of_explored_and_planned_actions(tracking: Clone, measured: tuple[str, LiftResult]) -> None:
    explored = tracking.rows(
        "select count(*) from ops.assignments where project = %s and campaign = 'old' and arm = 'explore'", PROJECT
    )[0][0]
    planned = tracking.rows(f"select count(*) from mart.{PROJECT}_actions")[0][0]
    row = tracking.rows(
        "select cost, money, people_kept, currency from mart.campaign_lift where project = %s and campaign = 'old' "
        "and action = 'all' and segment = 'all' and comparison = 'campaign control'", PROJECT
    )[0]  # fmt: skip
    assert row[0] == pytest.approx(explored * 1 + planned * 24)  # type: ignore[operator]
    assert row[1] == pytest.approx(PLAN.value * row[2] - row[0])  # type: ignore[operator]
    assert row[3] == "rubles"


def test_campaigns_without_matured_labels_have_numbers_and_a_date(
    tracking: Clone, measured: tuple[str, LiftResult]
) -> None:
    row = tracking.rows(
        "select treated + control, conclusion, verdict, lift from mart.campaign_lift where project = %s "
        "and campaign = 'new' and comparison = 'campaign control'", PROJECT
    )[0]  # fmt: skip
    global_count = tracking.rows(
        "select count(*) from ops.assignments where project = %s and campaign = 'new' and arm = 'global control'",
        PROJECT,
    )[0][0]
    assert row == (PEOPLE - global_count, NOT_KNOWN_YET, f"known on {NEW + timedelta(30)}", None)  # type: ignore[operator]


def test_segments_have_rows_with_corrected_p_values(tracking: Clone, measured: tuple[str, LiftResult]) -> None:
    rows = tracking.rows(
        "select segment, p_value, adjusted_p_value from mart.campaign_lift where project = %s and campaign = 'old' "
        "and segment <> 'all' and comparison = 'campaign control'", PROJECT
    )  # fmt: skip
    assert {row[0] for row in rows} >= {"sms (below 1)", "sms (1 and more)"}
    assert all(row[2] >= row[1] for row in rows)  # type: ignore[operator]


def test_the_run_has_pictures_a_page_and_figures(measured: tuple[str, LiftResult]) -> None:
    run_id, result = measured
    client = MlflowClient()
    names = {file.path for file in client.list_artifacts(run_id, "lift")}
    assert names >= {f"lift/{name}.png" for name in ("lift_by_campaign", "money_by_campaign", "lift_by_segment")}
    page = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="lift.html")).read_text()
    for words in ("kept ", "more people than control", f"{NEW + timedelta(30)}", "global control", "data:image/png"):
        assert words in page
    metrics = client.get_run(run_id).data.metrics
    assert metrics["campaign_control_lift"] == pytest.approx(LEAVES - LEAVES_TREATED, abs=0.05)
    assert metrics["campaigns_not_known_yet"] == 1
    assert result.people > 0.9 * PEOPLE


def test_a_second_run_gives_the_same_rows(
    tracking: Clone, snapshots: Snapshots, measured: tuple[str, LiftResult]
) -> None:
    before = rows_of(tracking, "*")
    with mlflow.start_run():
        lift_of(tracking, snapshots, shop_plan()).run()
    assert rows_of(tracking, "*") == before
    assert len(before) > 10


def test_a_reader_sees_all_rows_at_every_moment(tracking: Clone, measured: tuple[str, LiftResult]) -> None:
    rows, expected = measured[1].rows, len(rows_of(tracking, "campaign"))
    counts: set[int] = set()
    stop = threading.Event()

    def read() -> None:
        with psycopg.connect(tracking.url, autocommit=True) as connection:
            while not stop.is_set():
                query = "select count(*) from mart.campaign_lift where project = %s"
                counts.add(connection.execute(query, [PROJECT]).fetchall()[0][0])

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        LiftTable(tracking.url, PROJECT, "rubles").replace(LATEST, OLD, rows)
    stop.set()
    reader.join()
    assert counts == {expected}


def test_two_runs_at_once_leave_the_rows_of_one(tracking: Clone, measured: tuple[str, LiftResult]) -> None:
    rows, before = measured[1].rows, rows_of(tracking, "*")
    table = LiftTable(tracking.url, PROJECT, "rubles")
    threads = [threading.Thread(target=table.replace, args=(LATEST, OLD, rows)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows_of(tracking, "*") == before


def test_a_campaign_older_than_the_history_keeps_its_last_rows(
    tracking: Clone, snapshots: Snapshots, measured: tuple[str, LiftResult]
) -> None:
    columns = "campaign, action, segment, comparison, lift, measured_on"
    before = [row for row in rows_of(tracking, columns) if row[0] == "old"]
    with mlflow.start_run():
        lift_of(tracking, snapshots, shop_plan(history_days=40)).run()  # the old campaign began 82 days before
    after = rows_of(tracking, columns)
    assert [row for row in after if row[0] == "old"] == before
    assert [row[0] for row in after if row[0] == "all campaigns"] == []
    with mlflow.start_run():
        lift_of(tracking, snapshots, shop_plan()).run()


def test_the_role_of_readers_may_read_lift(tracking: Clone, measured: tuple[str, LiftResult]) -> None:
    with psycopg.connect(tracking.owner_url) as connection:
        connection.execute("set role prichal_reader")
        assert connection.execute("select count(*) from mart.campaign_lift").fetchall()[0][0] > 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from mart.campaign_lift")


@pytest.fixture(scope="module")
def with_history(tracking: Clone, snapshots: Snapshots, measured: tuple[str, LiftResult]) -> tuple[LiftRow, ...]:
    """Rows of a measurement that also reads the history in the lake."""
    with mlflow.start_run():
        return lift_of(tracking, snapshots, replace(shop_plan(), assignments=PLAN.assignments)).run().rows


def test_a_campaign_of_the_history_is_measured_against_its_control_group(
    with_history: tuple[LiftRow, ...],
) -> None:
    rows = [row for row in with_history if row.campaign == "history" and row.is_whole]
    assert [(row.comparison, row.conclusion) for row in rows] == [(CAMPAIGN_CONTROL, NO_DIFFERENCE)]
    assert rows[0].treated + rows[0].control == 2_000
    assert rows[0].cost == rows[0].treated
    assert rows[0].estimate is not None
    assert rows[0].estimate.method == PLAIN  # the scores of the day were published later than the assignment
    total = next(row for row in with_history if row.is_whole and row.campaign == "all campaigns")
    old = next(row for row in with_history if row.is_whole and row.campaign == "old")
    assert total.treated == rows[0].treated + old.treated


def test_a_history_in_the_lake_waits_for_its_labels(with_history: tuple[LiftRow, ...]) -> None:
    waiting = [row for row in with_history if row.campaign == "past"]
    assert [(row.treated, row.control, row.conclusion, row.cost) for row in waiting] == [(40, 20, NOT_KNOWN_YET, 880.0)]


def test_contacts_are_those_that_were_sent_and_the_treated_of_the_history(
    tracking: Clone, snapshots: Snapshots
) -> None:
    entity, arm = tracking.rows(
        "select entity, arm from ops.assignments where project = %s and campaign = 'old' and arm = 'explore' "
        "order by entity desc limit 1", PROJECT
    )[0]  # fmt: skip
    with psycopg.connect(tracking.owner_url) as connection:
        for contact, state, sent_at in ((1, "accepted", "2026-04-10 22:30+00"), (2, "pending", None)):
            connection.execute(
                "insert into ops.outbox (project, campaign, entity, arm, action, channel, offer, contact, score_date, "
                "planned_for, platform, state, idempotency_key, sent_at, answered_at) values "
                "(%s, 'old', %s, %s, 'email_none_1', 'email', 'none', %s, '2026-04-10', now(), 'csv', %s, %s, %s, %s)",
                [PROJECT, entity, arm, contact, state, f"lift-{contact}", sent_at, sent_at],
            )
    contacts = read_contacts(tracking.url, PLAN, snapshots)
    pairs = set(zip(contacts.people, contacts.days.astype(str), strict=True))
    assert (entity, "2026-04-11") in pairs  # 01:30 in Moscow
    treated = (uniform_draws("history", [f"u{number:05d}" for number in range(1_000, 3_000)]) >= 0.5).sum()
    assert len(pairs) == 1 + 40 + 1 + treated
    assert ("u00001", str(NEW)) in pairs
    assert ("u00000", str(NEW)) not in pairs


def test_the_influence_of_contacts_is_on_the_page(tracking: Clone, measured: tuple[str, LiftResult]) -> None:
    influence = measured[1].influence
    assert [(each.population, each.rows > 5_000) for each in influence] == [("active", True)]
    assert 0.45 < influence[0].auc < 0.55
