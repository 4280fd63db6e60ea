"""Contacts are handed over once each, whatever the platform does and whenever the process is killed."""

import csv
import io
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import mlflow
import psycopg
import pytest
from pydantic import SecretStr

from actions.delivery import outbox, sending
from actions.delivery.altcraft import Altcraft
from actions.delivery.bucket_list import BucketLists
from actions.delivery.deliver import DeliveryError
from actions.delivery.outbox import MOST_ATTEMPTS, NOT_PLANNED, REASONS
from actions.delivery.platforms import choose_platform
from stack import s3
from stack.errors import SettingError
from stack.locks import BusyError, Locks
from stack.postgres import connect
from stack.settings import Settings
from tests.end_to_end.altcraft_server import TOKEN, AltcraftServer, altcraft_server
from tests.end_to_end.conftest import ROOT, Clone
from tests.end_to_end.handover import DAY, EMAIL, PUSH, PUSH_TWICE, Shop, day_after, platform
from tests.unit.builders import is_one_sentence

#: what the server does with its next requests.
MISBEHAVIOURS = {
    "refuses for a while": ["500", "503", "429"],
    "cuts the connection": ["cut", "accept and cut"],
    "accepts and times out": ["accept and time out", "accept and time out"],
    "accepts and fails": ["accept and fail"],
    "answers twice": ["answer twice"] * 3,
    "is slow": ["slow"] * 3,
    "answers no JSON": ["no JSON", "short"],
    "everything": ["accept and cut", "429", "answer twice", "accept and fail", "cut", "short", "slow", "500"],
}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def server() -> Iterator[AltcraftServer]:
    with altcraft_server() as started:
        yield started


@pytest.fixture
def shop(clone: Clone) -> Shop:
    return Shop(clone.url)


def contacts_of(shop: Shop, state: str = "accepted") -> set[tuple[str, str, int]]:
    query = "select entity, campaign, contact from ops.outbox where project = %s and state = %s"
    return set(shop.rows(query, state))


def settings(clone: Clone, **values: object) -> Settings:
    return Settings.model_validate({**Settings.load(clone.environment).model_dump(), **values})


@pytest.mark.parametrize("behaviour", MISBEHAVIOURS)
def test_each_contact_is_accepted_once_whatever_the_platform_does(
    shop: Shop, server: AltcraftServer, behaviour: str
) -> None:
    shop.plan_contacts(10_000)
    server.misbehaviours = list(MISBEHAVIOURS[behaviour])
    delivered = shop.deliver(platform(server.url, batch_rows=4000))
    assert delivered.sent.problem is None
    assert not server.misbehaviours
    assert shop.states() == {"accepted": 10_000}
    assert set(server.contacts) == contacts_of(shop)
    assert not server.contacted_twice()
    requests = len(server.sizes)
    assert shop.deliver(platform(server.url)).sent.accepted == 0
    assert len(server.sizes) == requests, "a second run sends nothing"


def test_a_refused_profile_is_stored_with_its_reason_and_not_repeated(shop: Shop, server: AltcraftServer) -> None:
    people = shop.plan_contacts(300)
    server.refused = set(people[::10])
    for accepted, refused in ((270, 30), (0, 0)):
        sent = shop.deliver(platform(server.url)).sent
        assert (sent.accepted, sent.refused) == (accepted, refused)
    assert shop.reasons() == {"error 400: Invalid profile": 30}
    assert {entity for entity, _, _ in contacts_of(shop, "refused")} == server.refused


def test_a_kill_at_any_step_loses_no_contact_and_repeats_none(shop: Shop, server: AltcraftServer) -> None:
    """A hand-over of two batches, killed at each step of the plan and of the second batch; the last one ends."""
    steps = [*range(1, 4), *range(10, 16), 99]
    shops = [Shop(shop.url) for _ in steps]
    for number, each in enumerate(shops):
        each.plan_contacts(150, first=1000 * number)
    jobs = [f"{step}:{each.name}" for step, each in zip(steps, shops, strict=True)]
    command = [sys.executable, "-m", "tests.end_to_end.handover", shop.url, server.url, *jobs]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    *killed, (last_code, *names) = [line.split() for line in done.stdout.splitlines()]
    assert [int(code) for (code,) in killed] == [-signal.SIGKILL] * 9, done.stderr
    batch = ["CHOOSE", "CLAIM", "claim", "post", "ANSWER", "record"]
    assert (last_code, names) == ("0", ["QUEUE", "WITHHOLD_UNPLANNED", "queue", *batch, *batch, *batch[:3]])
    interrupted = 0
    for each in shops:
        interrupted += each.states().get("unknown", 0) > 0
        assert each.deliver(platform(server.url, batch_rows=100)).sent.problem is None
        assert each.states() == {"accepted": 150}
    assert interrupted == 3, "after the commit of a claim, after the post, and before the commit of the answers"
    assert set(server.contacts) == {contact for each in shops for contact in contacts_of(each)}
    assert not server.contacted_twice()


def test_two_processes_at_once_send_each_contact_once(shop: Shop, server: AltcraftServer) -> None:
    shop.plan_contacts(3000)
    errors: list[BaseException] = []

    def deliver() -> None:
        try:
            shop.deliver(platform(server.url, batch_rows=200))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert shop.states() == {"accepted": 3000}
    assert sum(rows for _, rows in server.sizes) == 3000
    assert not server.contacted_twice()


def test_a_process_that_delivers_too_long_makes_the_other_end_with_one_sentence(
    shop: Shop, server: AltcraftServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.plan_contacts(10)
    monkeypatch.setattr("actions.delivery.deliver.WAIT_SECONDS", 0.1)
    other = Locks(shop.url)
    assert other.acquire(f"prichal.deliver.{shop.name}")
    with pytest.raises(BusyError, match="Another process delivers contacts") as caught:
        shop.deliver(platform(server.url))
    other.close()
    assert is_one_sentence(caught.value)
    assert not server.sizes


@pytest.mark.parametrize("status", ["", "401", "403"])
def test_a_wrong_token_is_one_sentence_and_nothing_is_accepted_or_sent_twice(
    shop: Shop, server: AltcraftServer, status: str
) -> None:
    shop.plan_contacts(300)
    server.misbehaviours = [status]
    delivered = shop.deliver(platform(server.url, token="wrong-hush" if not status else TOKEN, batch_rows=100))
    with pytest.raises(DeliveryError, match="correct PRICHAL_ALTCRAFT_TOKEN") as caught:
        delivered.require_success()
    assert is_one_sentence(caught.value)
    assert "hush" not in str(caught.value)
    assert len(server.sizes) == 1, "it stops at once"
    assert shop.states() == {"pending": 300}
    assert shop.deliver(platform(server.url, batch_rows=100)).sent.accepted == 300
    assert not server.contacted_twice()


def test_a_platform_that_never_answers_ends_the_run_and_at_last_the_attempts(
    shop: Shop, server: AltcraftServer
) -> None:
    shop.plan_contacts(500)
    server.misbehaviours = ["500"] * 1000
    to = platform(server.url, batch_rows=100)
    first = shop.deliver(to)
    assert first.sent.problem is not None
    assert "HTTP status 500" in first.sent.problem
    assert len(server.sizes) == sending.TRIES * sending.MOST_FAILED_BATCHES
    assert shop.states() == {"unknown": 200, "pending": 300}
    for _ in range(5):
        shop.deliver(to)
    assert shop.rows("select distinct attempts from ops.outbox where project = %s") == [(MOST_ATTEMPTS,)]
    server.misbehaviours = []
    assert shop.deliver(to).sent.accepted == 0
    assert shop.states() == {"unknown": 500}


def test_an_unreachable_platform_is_no_loss(shop: Shop, server: AltcraftServer) -> None:
    shop.plan_contacts(50)
    delivered = shop.deliver(platform("http://127.0.0.1:9"))
    assert "no complete answer (ConnectionRefusedError)" in str(delivered.sent.problem)
    assert shop.deliver(platform(server.url)).sent.accepted == 50
    assert not server.contacted_twice()


def test_people_who_must_not_be_contacted_are_withheld_with_the_reason(shop: Shop, server: AltcraftServer) -> None:
    people = shop.plan_contacts(100)
    erased, closed, refusing = set(people[:3]), set(people[3:7]), set(people[7:12])
    with connect(shop.url, role="prichal_administrator") as connection:
        kinds = ["entity"] * len(erased)
        connection.execute("select ops.record_erasure(%s, %s, %s)", [shop.name, kinds, list(erased)])
    with connect(shop.url, role="prichal_writer") as connection:
        connection.execute(
            "insert into ops.closed_channels select %s, entity, channel, now(), 'unsubscribed' "
            "from unnest(%s::text[]) entity, unnest(array['push', 'email']) channel",
            [shop.name, list(closed)],
        )
    delivered = shop.deliver(platform(server.url), accepts=lambda _: set(people) - refusing)
    expected = {REASONS["erased"]: 3, REASONS["closed"]: 4, REASONS["consent"]: 5}
    assert delivered.sent.withheld == expected
    assert shop.reasons() == expected
    assert shop.states() == {"accepted": 88, "withheld": 12}
    assert set(server.profiles) == set(people) - erased - closed - refusing


def test_someone_who_unsubscribes_between_two_contacts_gets_the_first_only(shop: Shop, server: AltcraftServer) -> None:
    people = shop.plan_contacts(20, PUSH_TWICE)
    assert shop.deliver(platform(server.url)).states == {"accepted": 20, "pending": 20}
    close(shop, people[:5])
    assert shop.deliver(platform(server.url), day_after(2)).sent.withheld == {REASONS["closed"]: 5}
    assert shop.states() == {"accepted": 35, "withheld": 5}


def close(shop: Shop, people: list[str], channel: str = "push") -> None:
    with connect(shop.url, role="prichal_writer") as connection:
        connection.execute(
            "insert into ops.closed_channels select %s, unnest(%s::text[]), %s, now(), 'unsubscribed'",
            [shop.name, people, channel],
        )


def test_an_interrupted_contact_is_not_sent_again_to_someone_who_has_unsubscribed(
    shop: Shop, server: AltcraftServer
) -> None:
    people = shop.plan_contacts(20)
    server.misbehaviours = ["accept and fail"] * sending.TRIES
    shop.deliver(platform(server.url))
    close(shop, people[:5])
    assert shop.deliver(platform(server.url)).sent.accepted == 15
    assert shop.states() == {"accepted": 15, "unknown": 5}
    assert shop.reasons() == {REASONS["closed"]: 5}
    assert shop.deliver(platform(server.url)).sent.accepted == 0


def test_a_later_contact_waits_until_the_platform_has_answered_to_the_earlier_one(
    shop: Shop, server: AltcraftServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fields of contact 1 would otherwise replace those of contact 2, which would send contact 1 twice."""
    monkeypatch.setattr(sending, "TRIES", 2)
    shop.plan_contacts(20, PUSH_TWICE)
    server.misbehaviours = ["accept and fail"] * sending.TRIES
    shop.deliver(platform(server.url))
    server.misbehaviours = ["500"] * sending.TRIES
    shop.deliver(platform(server.url), day_after(2))
    assert shop.states() == {"unknown": 20, "pending": 20}
    assert shop.deliver(platform(server.url), day_after(2)).sent.accepted == 40
    assert not server.contacted_twice()
    assert set(server.contacts.values()) == {1}
    assert len(server.contacts) == 40


def test_the_frequency_cap_counts_contacts_of_all_campaigns(shop: Shop, server: AltcraftServer) -> None:
    people = shop.plan_contacts(50)
    for days in (1, 2):
        shop.plan_contacts(50, day=day_after(days))
    for days in range(3):
        delivered = shop.deliver(platform(server.url), day_after(days))
    assert delivered.sent.withheld == {REASONS["cap"]: 50}, "push: 2 in 10 days"
    assert shop.plan_contacts(50, day=day_after(10)) == people
    assert shop.deliver(platform(server.url), day_after(10)).sent.accepted == 50, "the first one is 10 days ago"


def test_contacts_are_planned_outside_of_quiet_hours_with_gaps_and_sent_when_they_are_due(
    shop: Shop, server: AltcraftServer
) -> None:
    shop.plan_contacts(1, PUSH)
    shop.plan_contacts(1, EMAIL, first=1000)
    shop.deliver(platform(server.url))
    planned = shop.rows(
        "select channel, contact, planned_for at time zone 'Europe/Moscow', state from ops.outbox where project = %s "
        "order by channel, contact"
    )
    assert [(channel, number, str(at), state) for channel, number, at, state in planned] == [
        ("email", 1, "2026-03-02 18:00:00", "accepted"),
        ("email", 2, "2026-03-05 18:00:00", "pending"),
        ("email", 3, "2026-03-08 18:00:00", "pending"),
        ("push", 1, "2026-03-02 12:00:00", "accepted"),
    ]
    assert shop.deliver(platform(server.url), day_after(2)).sent.accepted == 0
    assert shop.deliver(platform(server.url), day_after(3)).sent.accepted == 1
    assert shop.deliver(platform(server.url), day_after(30)).sent.withheld == {REASONS["late"]: 1}
    profiles = [profile for profile in server.profiles.values() if profile["prichal_offer"] == "discount"]
    assert profiles == [
        {
            "user_id": profiles[0]["user_id"], "prichal_campaign": shop.campaign(),
            "prichal_action": "email_discount_3", "prichal_offer": "discount", "prichal_contact": 2,
            "prichal_planned_for": "2026-03-05T15:00:00Z",
        }
    ]  # fmt: skip


def test_a_plan_made_again_withdraws_what_is_pending_and_adds_what_is_new(shop: Shop, server: AltcraftServer) -> None:
    people = shop.plan_contacts(40, PUSH_TWICE)
    stays, leaves, changes = people[:10], people[10:20], people[20:30]
    shop.replan(people[:30], PUSH_TWICE)
    assert shop.deliver(platform(server.url)).queued == 60
    with connect(shop.url, role="prichal_writer") as connection:
        shop.replan([*stays, *people[30:]], PUSH_TWICE)
        shop.plan_actions(changes, EMAIL, DAY, connection)
    second = shop.deliver(platform(server.url))
    assert (second.queued, second.unplanned) == (20, 20), (
        "ten people are new; the second contacts of twenty are withdrawn"
    )
    assert shop.states() == {"accepted": 40, "pending": 20, "withheld": 20}
    assert shop.reasons() == {NOT_PLANNED: 20}
    assert not {entity for entity, _, _ in contacts_of(shop, "pending")} & {*leaves, *changes}
    shop.replan([*stays, *leaves, *people[30:]], PUSH_TWICE)
    assert shop.deliver(platform(server.url)).queued == 10, "back in the plan before the contact was due"
    assert not server.contacted_twice()


def test_a_pending_contact_follows_another_action_of_a_plan_made_again(
    shop: Shop, server: AltcraftServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = shop.plan_contacts(10)
    shop.deliver(platform(server.url, token="wrong"))
    shop.replan(people, EMAIL)
    shop.deliver(platform(server.url))
    assert {profile["prichal_action"] for profile in server.profiles.values()} == {EMAIL.name}
    assert shop.states() == {"accepted": 10, "pending": 20}


def test_nobody_outside_of_the_assigned_arms_enters_the_outbox(shop: Shop, server: AltcraftServer) -> None:
    people = shop.plan_contacts(10)
    with connect(shop.url, role="prichal_writer") as connection:
        shop.plan_actions(["nobody assigned me"], PUSH, DAY, connection)
    shop.deliver(platform(server.url))
    assert set(server.profiles) == set(people)
    control = shop.rows(
        "insert into ops.assignments (project, campaign, entity, arm, probability, salt, global_share) "
        "select c.project, c.campaign, 'g' || n, 'global control', 0.05, g.salt, g.share from ops.campaigns c "
        "join ops.global_controls g using (project), generate_series(1, 200) n "
        "where project = %s and ops.uniform_draw(g.salt, 'g' || n) < g.share returning entity"
    )[0][0]
    for arm in ("policy", "explore"):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            insert_contact(shop, control, arm)


def insert_contact(shop: Shop, entity: str, arm: str) -> None:
    with connect(shop.url, role="prichal_writer") as connection:
        connection.execute(
            "insert into ops.outbox (project, campaign, entity, arm, action, channel, offer, contact, score_date, "
            "planned_for, platform, idempotency_key) select project, campaign, %s, %s, action, channel, offer, 1, "
            "score_date, planned_for, platform, %s from ops.outbox where project = %s limit 1",
            [entity, arm, f"{entity} {arm} {shop.name}", shop.name],
        )


def test_a_request_is_never_larger_than_altcraft_allows(shop: Shop, server: AltcraftServer) -> None:
    shop.plan_contacts(1000)
    limited = platform(server.url, max_bytes=20_000, batch_rows=400)
    assert shop.deliver(limited).sent.accepted == 1000
    assert sum(profiles for _, profiles in server.sizes) == 1000
    assert max(size for size, _ in server.sizes) <= 20_000
    assert len(server.sizes) > 5


def test_an_answer_to_half_of_a_batch_is_kept_when_the_other_half_gets_none(shop: Shop, server: AltcraftServer) -> None:
    shop.plan_contacts(200)
    server.misbehaviours = ["", "cut"]
    limited = platform(server.url, max_bytes=25_000, batch_rows=200)
    assert shop.deliver(limited).sent.accepted == 200
    assert sum(profiles for _, profiles in server.sizes) < 400, "what was answered is not sent again"
    assert not server.contacted_twice()


def test_the_token_is_nowhere(
    shop: Shop, server: AltcraftServer, clone: Clone, capfd: pytest.CaptureFixture[str], tracking: Clone
) -> None:
    shop.plan_contacts(30)
    secret = "wrong-" + TOKEN
    with mlflow.start_run() as run:
        server.refused = {"u1"}
        texts = [*shop.deliver(platform(server.url, secret)).sentences()]
        delivered = shop.deliver(platform(server.url, secret))
        texts += [repr(delivered), repr(platform(server.url, secret)), str(delivered.sent.problem)]
        server.misbehaviours = ["accept and cut", "500"]
        texts += [repr(shop.deliver(platform(server.url)))]
        mlflow.log_text("\n".join(texts), "texts.txt")
    assert "(hidden)" in str(delivered.sent.problem), "the server repeats the token"
    out, err = capfd.readouterr()
    stored = shop.rows("select o::text from ops.outbox o where project = %s")
    assert TOKEN not in "".join([*texts, out, err, repr(stored), repr(mlflow.get_run(run.info.run_id).to_dictionary())])


def test_lists_in_the_bucket_have_each_contact_once_and_a_repetition_writes_the_same_objects(
    shop: Shop, clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.plan_contacts(120, PUSH)
    shop.plan_contacts(30, EMAIL, first=5000)
    lists = BucketLists(settings(clone), shop.name, "user_id", batch_rows=100)
    with monkeypatch.context() as patch:
        patch.setattr(outbox.Outbox, "record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shop.deliver(lists)
    first = objects(clone, shop)
    assert len(first) == 2, "the batch has contacts of two channels"
    shop.deliver(lists)
    written = objects(clone, shop)
    assert first.items() <= written.items()
    rows = [row for content in written.values() for row in csv.DictReader(io.StringIO(content))]
    assert len(rows) == len({row["user_id"] for row in rows}) == 150
    assert {(row["user_id"], row["campaign"], int(row["contact"])) for row in rows} == contacts_of(shop)
    assert {name.split("/")[3].split("-")[0] for name in written} == {"push", "email"}
    assert all(name.startswith(f"lists/{shop.name}/{shop.campaign()}/") for name in written)


def objects(clone: Clone, shop: Shop) -> dict[str, str]:
    client, bucket = s3.client(settings(clone)), settings(clone).s3_bucket
    listed = client.list_objects_v2(Bucket=bucket, Prefix=f"lists/{shop.name}/").get("Contents", [])
    return {
        entry["Key"]: client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read().decode() for entry in listed
    }


def test_a_bucket_that_refuses_leaves_the_contacts_for_the_next_run(shop: Shop, clone: Clone) -> None:
    shop.plan_contacts(10)
    refusing = BucketLists(settings(clone, s3_secret=SecretStr("hush")), shop.name, "user_id")
    sent = shop.deliver(refusing).sent
    assert "SignatureDoesNotMatch" in str(sent.problem)
    assert "hush" not in str(sent.problem)
    assert shop.deliver(BucketLists(settings(clone), shop.name, "user_id")).sent.accepted == 10


def test_the_platform_is_altcraft_where_all_of_its_settings_are_given(clone: Clone) -> None:
    values = {"altcraft_url": "https://altcraft.example", "altcraft_token": SecretStr("t"), "altcraft_database": 5}
    assert isinstance(choose_platform(settings(clone), "shop", "user_id"), BucketLists)
    assert isinstance(choose_platform(settings(clone, **values), "shop", "user_id"), Altcraft)
    for changed in ({"altcraft_token": None}, {"altcraft_url": "http://altcraft.example"}):
        with pytest.raises(SettingError, match="PRICHAL_ALTCRAFT_URL") as caught:
            choose_platform(settings(clone, **{**values, **changed}), "shop", "user_id")
        assert is_one_sentence(caught.value)


def test_an_unknown_contact_is_repeated_by_the_platform_that_was_sent_it_only(
    shop: Shop, server: AltcraftServer, clone: Clone
) -> None:
    shop.plan_contacts(20)
    server.misbehaviours = ["accept and fail"] * sending.TRIES
    shop.deliver(platform(server.url))
    assert shop.deliver(BucketLists(settings(clone), shop.name, "user_id")).sent.accepted == 0
    assert shop.deliver(platform(server.url)).sent.accepted == 20
    assert not server.contacted_twice()
