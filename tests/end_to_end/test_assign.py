"""The people of a campaign are assigned once, by constraints that PostgreSQL checks."""

import os
import shutil
import signal
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest

from actions.declare.plan import ActionPlan
from actions.design.campaign import AssignmentError, OpenedCampaign, open_campaign
from actions.design.draws import uniform_draws
from features import DuckEngine, Snapshots
from serving import Mart
from stack.postgres import connect
from tests.end_to_end.conftest import ROOT, Clone
from tests.end_to_end.test_rerun import wait_for
from tests.unit.actions.plans import PLAN, SPEC, plan
from tests.unit.actions.shop import LATEST, ingest_shop, make_shop
from tests.unit.builders import is_one_sentence

MART = Mart("shop_scores", "user_id", "text")
#: past campaigns ended before; the two dates are less than `rest_days` apart.
EARLIER = LATEST - timedelta(days=7)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the shop; each test works on a copy under a project name of its own."""
    snapshots = ingest_shop(make_shop(people=1_000), tmp_path_factory.mktemp("shop"))
    return snapshots.folder.parents[1]


@pytest.fixture
def snapshots(lake: Path, tmp_path: Path) -> Snapshots:
    spec = replace(SPEC, project=f"shop_{uuid.uuid4().hex[:8]}")
    shutil.copytree(lake / "shop" / "tables", tmp_path / spec.project / "tables")
    built = Snapshots(tmp_path, spec)
    built.build(lambda: DuckEngine(spec.time_zone), [EARLIER, LATEST])
    return built


def open_on(clone: Clone, snapshots: Snapshots, day: date = LATEST, actions: ActionPlan = PLAN) -> OpenedCampaign:
    return open_campaign(actions, snapshots, day, MART, clone.url)


def stored(clone: Clone, snapshots: Snapshots, columns: str = "*") -> list[tuple[Any, ...]]:
    query = f"select {columns} from ops.assignments where project = %s order by campaign, entity"
    return clone.rows(query, snapshots.spec.project)


def test_everybody_who_may_be_contacted_is_assigned_once(clone: Clone, snapshots: Snapshots) -> None:
    opened = open_on(clone, snapshots)
    rows = stored(clone, snapshots, "entity, arm, action, allowed_actions, probability")
    assert opened.rows == len(rows) == sum(opened.groups.values()) > 500
    sizes = {group: sum(row[1] == group for row in rows) for group in opened.groups}
    assert sizes == opened.groups
    assert all(row[2] in row[3] for row in rows if row[1] == "explore")
    assert all(row[3] for row in rows), "everybody has an allowed action"
    assert {row[4] for row in rows if row[1] == "control"} == {0.95 * 0.2}
    ((design,),) = clone.rows("select design from ops.campaigns where project = %s", snapshots.spec.project)
    assert design == opened.design
    assert design["groups"] == opened.groups
    assert "to see 1.5 points on 90.0% you need" in opened.sentence


def test_a_second_run_changes_nothing_and_says_so(clone: Clone, snapshots: Snapshots) -> None:
    first = open_on(clone, snapshots)
    before = stored(clone, snapshots)
    second = open_on(clone, snapshots)
    assert second.rows == 0
    assert (second.groups, second.design) == (first.groups, first.design)
    assert second.sentence.endswith("nothing was changed")
    assert stored(clone, snapshots) == before


def test_python_and_postgresql_draw_the_same_numbers(clone: Clone) -> None:
    entities = [*(f"u{number}" for number in range(20_000)), "7", "é ü", ""]
    with connect(clone.url, role="prichal_writer") as connection:
        query = "select ops.uniform_draw('a salt', entity) from unnest(%s::text[]) with ordinality as e(entity, n)"
        theirs = [draw for (draw,) in connection.execute(f"{query} order by n", [entities])]
    assert uniform_draws("a salt", entities).tolist() == theirs


def test_a_person_of_the_global_control_group_can_have_no_other_group(clone: Clone, snapshots: Snapshots) -> None:
    opened = open_on(clone, snapshots)
    project = snapshots.spec.project
    rows = clone.rows(
        "select entity from ops.assignments where project = %s and arm = 'global control' limit 1", project
    )
    ((person,),) = rows
    with connect(clone.url, role="prichal_writer") as connection:
        connection.execute(
            "insert into ops.campaigns select project, 'another', starts_on, design from ops.campaigns "
            "where project = %s and campaign = %s",
            [project, opened.campaign],
        )
    insert = (
        "insert into ops.assignments (project, campaign, entity, arm, action, probability, salt, global_share) "
        "values (%s, 'another', %s, %s, %s, 0.5, %s, %s)"
    )
    for arm, action in (("control", None), ("explore", "email_none_1"), ("policy", None)):
        with (
            pytest.raises(psycopg.errors.CheckViolation),
            connect(clone.url, role="prichal_writer") as connection,
        ):
            connection.execute(insert, [project, person, arm, action, "shop", 0.05])
    for salt, share in (("shop", 0.0001), ("another salt", 0.05)):
        arm = "global control" if uniform_draws(salt, [person])[0] < share else "policy"
        with (
            pytest.raises(psycopg.errors.ForeignKeyViolation),
            connect(clone.url, role="prichal_writer") as connection,
        ):
            connection.execute(insert, [project, person, arm, None, salt, share])


@pytest.mark.parametrize("statement", ["update ops.assignments set arm = 'policy'", "delete from ops.campaigns"])
def test_what_was_assigned_cannot_be_changed(clone: Clone, snapshots: Snapshots, statement: str) -> None:
    open_on(clone, snapshots)
    with pytest.raises(psycopg.errors.RaiseException, match="is append-only"):
        clone.as_owner(statement)
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        connect(clone.url, role="prichal_writer") as connection,
    ):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"salt": "another"}, "with salt 'shop' and global_share 0.05, but the plan has 'another' and 0.05"),
        ({"global_share": 0.1}, "with salt 'shop' and global_share 0.05, but the plan has 'shop' and 0.1"),
    ],
)
def test_another_salt_or_share_is_refused(
    clone: Clone, snapshots: Snapshots, changes: dict[str, Any], words: str
) -> None:
    open_on(clone, snapshots, EARLIER)
    before = stored(clone, snapshots)
    with pytest.raises(AssignmentError, match=words) as caught:
        open_on(clone, snapshots, actions=plan(control=replace(PLAN.control, **changes)))
    assert is_one_sentence(caught.value)
    assert stored(clone, snapshots) == before


def test_nobody_enters_two_campaigns_within_the_rest_days(clone: Clone, snapshots: Snapshots) -> None:
    """The customers of the earlier campaign rest; whoever becomes eligible enters the later one."""
    first = open_on(clone, snapshots, EARLIER, plan(where="visits_accepts_email_last_all = 1"))
    second = open_on(clone, snapshots)
    assert first.rows > 0
    assert second.rows > 0
    assert second.design is not None
    assert 0 < second.design["left_out"]["entered another campaign lately"] <= first.rows
    entities = [row[0] for row in stored(clone, snapshots, "entity")]
    assert len(set(entities)) == len(entities)


def test_closed_channels_and_planned_contacts_restrict_the_actions(clone: Clone, snapshots: Snapshots) -> None:
    project = snapshots.spec.project
    free = plan(rest_days=0)
    first = open_on(clone, snapshots, EARLIER, free)
    explorers = clone.rows(
        "select entity from ops.assignments where project = %s and arm = 'explore' and "
        "allowed_actions = array['email_none_1', 'email_discount_2', 'sms_discount_1'] order by entity limit 3", project
    )  # fmt: skip
    closer, mailed, refused = (str(row[0]) for row in explorers)
    with connect(clone.url, role="prichal_writer") as connection:
        connection.execute(
            "insert into ops.closed_channels values (%s, %s, 'sms', now(), 'unsubscribed')", [project, closer]
        )
        for person, state in ((mailed, "pending"), (refused, "refused")):
            for contact in (1, 2, 3):
                connection.execute(
                    "insert into ops.outbox (project, campaign, entity, arm, action, channel, offer, contact, "
                    "score_date, planned_for, platform, state, reason, sent_at, answered_at, idempotency_key) values "
                    "(%s, %s, %s, 'explore', 'email_none_1', 'email', 'none', %s, %s, %s, 'csv', %s, %s, %s, %s, %s)",
                    [project, first.campaign, person, contact, EARLIER, EARLIER, state,
                     *((None,) * 3 if state == "pending" else ("no such address", EARLIER, EARLIER)),
                     f"{project}-{person}-{contact}"],
                )  # fmt: skip
    open_on(clone, snapshots, LATEST, free)
    query = "select entity, allowed_actions from ops.assignments where project = %s and campaign = %s"
    allowed = dict(clone.rows(query, project, f"{project}-{LATEST}"))
    assert allowed[closer] == ["email_none_1", "email_discount_2"]
    assert allowed[mailed] == ["email_none_1", "sms_discount_1"], "2 more e-mails would exceed the cap of 4"
    assert allowed[refused] == ["email_none_1", "email_discount_2", "sms_discount_1"]


def test_with_nobody_eligible_no_campaign_is_opened(clone: Clone, snapshots: Snapshots) -> None:
    opened = open_on(clone, snapshots, actions=plan(where="visits_count_90d > 1000"))
    assert (opened.rows, opened.design) == (0, None)
    assert "was not opened: nobody may be contacted (" in opened.sentence
    assert "do not meet the plan's condition" in opened.sentence
    assert clone.rows("select * from ops.campaigns where project = %s", snapshots.spec.project) == []
    assert open_on(clone, snapshots).rows > 0, "a later run of the day can open it"


def test_of_runs_at_the_same_time_a_single_one_opens_the_campaign(clone: Clone, snapshots: Snapshots) -> None:
    together = Barrier(4)

    def run(_number: int) -> OpenedCampaign:
        together.wait()
        return open_on(clone, Snapshots(snapshots.folder.parents[1], snapshots.spec))

    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(run, range(4)))
    rows = len(stored(clone, snapshots))
    assert sorted(result.rows for result in opened) == [0, 0, 0, rows]
    assert all(result.groups == opened[0].groups for result in opened)


RUN = """
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from actions.design.campaign import open_campaign
from features import Snapshots
from tests.end_to_end.test_assign import LATEST, MART, PLAN, SPEC
lake, project, url = sys.argv[1:]
open_campaign(PLAN, Snapshots(Path(lake), replace(SPEC, project=project)), LATEST, MART, url)
"""


def test_a_run_killed_in_the_middle_leaves_nothing_and_can_be_repeated(clone: Clone, snapshots: Snapshots) -> None:
    """The owner's lock holds the run while it writes; there it is killed."""
    project = snapshots.spec.project
    MART.create(clone.url)
    with psycopg.connect(clone.owner_url) as holder:
        holder.execute("lock table ops.assignments in share mode")
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(snapshots.folder.parents[1]), project, clone.url], cwd=ROOT,
            env={**clone.environment, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        waiting = (
            "select count(*) from pg_locks join pg_stat_activity using (pid) "
            "where not granted and query like 'copy ops.assignments%'"
        )
        wait_for(lambda: holder.execute(waiting).fetchone() == (1,), process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert stored(clone, snapshots) == []
    assert clone.rows("select * from ops.campaigns where project = %s", project) == []
    assert open_on(clone, snapshots).rows == len(stored(clone, snapshots)) > 0


def test_a_project_without_actions_is_one_sentence(clone: Clone) -> None:
    done = clone.run("python", "-m", "jobs.assign", "--project", "cdnow")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1] == (
        "prichal: Project cdnow declares no actions: give its Project an ActionPlan, as projects/churn/actions.py does."
    )
