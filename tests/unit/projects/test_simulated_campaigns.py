"""Campaigns of the simulated cinema: randomised arms, consent, messages, and the true effects of every action."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from projects.churn.simulator.actions import (
    ACTION_CHANNELS,
    ACTIONS,
    ARM_CONTACTS,
    ARM_NAMES,
    RenewalCandidates,
    contact_effect,
    has_forgotten,
)
from projects.churn.simulator.campaigns import ARM_PROBABILITIES, CONTROL_PROBABILITY, FIRST_CAMPAIGN, PLANS
from projects.churn.simulator.contracts.contract import Contracts, run_contracts
from projects.churn.simulator.mailing import NEVER
from projects.churn.simulator.people.people import CHANNELS, People
from projects.churn.simulator.truth import oracle
from projects.churn.simulator.world import World, make_world
from tests.unit.projects.test_simulator import table, write_sample

ACTION_NAMES = ARM_NAMES[1:]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(6000, 12, 3)


@pytest.fixture(scope="module")
def contracts(world: World) -> Contracts:
    return run_contracts(world)


@pytest.fixture(scope="module")
def assigned(contracts: Contracts) -> Contracts:
    """The periods with an assignment to an arm."""
    return contracts.select_rows(contracts.decision.campaign >= 0)


@pytest.fixture(scope="module")
def probabilities(world: World, assigned: Contracts) -> np.ndarray:
    """Probability (n, arms) of each arm for the assigned people."""
    open_actions = assigned.intent.open_actions(assigned.decision.contacted)
    return world.campaigns.arm_probabilities(assigned.decision.campaign, open_actions)


def test_arms_of_each_plan_follow_their_probabilities(world: World, assigned: Contracts, probabilities: np.ndarray):
    drawn = np.eye(len(ARM_NAMES))[assigned.decision.arm]
    for plan in range(len(PLANS)):
        rows = world.campaigns.plan[assigned.decision.campaign] == plan
        expected = probabilities[rows].sum(axis=0)
        used = expected > 0
        statistic = ((drawn[rows].sum(axis=0) - expected)[used] ** 2 / expected[used]).sum()
        assert rows.sum() > 300
        assert statistic < chi2.isf(1e-5, used.sum() - 1)


def test_the_exported_probability_is_that_of_the_drawn_arm(assigned: Contracts, probabilities: np.ndarray):
    decision = assigned.decision
    assert np.allclose(decision.arm_probability, probabilities[np.arange(len(probabilities)), decision.arm])
    assert np.allclose(probabilities.sum(axis=1), 1.0)
    assert 0.22 < decision.control.mean() < 0.34
    # Weights by the inverse probability count every assignment of an arm for all people who could get it.
    for arm in range(len(ARM_NAMES)):
        possible = (probabilities[:, arm] > 0).sum()
        counted = (1 / decision.arm_probability)[decision.arm == arm].sum()
        assert abs(counted - possible) < 0.2 * possible


def test_every_plan_has_a_control_group_and_two_to_four_actions():
    assert np.allclose(ARM_PROBABILITIES.sum(axis=1), 1.0)
    assert (ARM_PROBABILITIES[:, 0] == CONTROL_PROBABILITY).all()
    assert set((ARM_PROBABILITIES[:, 1:] > 0).sum(axis=1)) <= {2, 3, 4}
    assert (ARM_PROBABILITIES > 0).any(axis=0).all()
    assert len(set(ACTION_NAMES)) == len(ACTIONS) == 7
    assert "email_discount_20_2" in ACTION_NAMES


def test_nobody_gets_an_action_without_consent_or_in_the_global_control(world: World, assigned: Contracts):
    treated = assigned.select_rows(assigned.decision.treated)
    user, channel = treated.periods.user, ACTION_CHANNELS[treated.decision.arm - 1]
    assert world.people.consents[user, channel].all()
    assert (assigned.closes_at[user, channel] > treated.decision.contacted).all()
    assert not world.people.global_control[assigned.periods.user].any()
    assert not world.people.consents.all(axis=1)[user].all()


def test_later_campaigns_do_not_use_a_closed_channel(world: World, contracts: Contracts):
    """Close e-mail for everybody at once: from then on nobody is assigned an action by e-mail."""
    email = CHANNELS.index("email")
    closing = int(world.campaigns.at[12])
    digests = replace(world.digests, unsubscribed=np.zeros_like(world.digests.unsubscribed))
    everybody = np.arange(len(world.people))
    last = digests.select_rows(np.zeros(len(everybody), dtype=np.int64))
    last = replace(last, user=everybody, unsubscribed=np.full(len(everybody), closing))
    decision = run_contracts(replace(world, digests=last)).decision
    by_email = decision.treated & (ACTION_CHANNELS[decision.arm - 1] == email)
    assert decision.contacted[by_email].max() < closing
    assert (decision.treated & (decision.contacted > closing)).sum() > 100


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    raw, truth, _ = write_sample(tmp_path_factory.mktemp("campaigns"), 3000, 12)
    return raw, truth


@pytest.fixture(scope="module")
def messages(sample: tuple[Path, Path]) -> pd.DataFrame:
    paths = sorted(sample[0].glob("*/campaign_history.jsonl"))
    lines = [line for path in paths for line in path.read_text().splitlines()]
    rows = [json.loads(line) for line in dict.fromkeys(lines)]
    return pd.DataFrame(
        {
            "user_id": [row["fields"]["user_id"] for row in rows],
            "channel": [row["subscription"]["channel"] for row in rows],
            "action": [row["action"] for row in rows],
            "campaign": [row["campaign_id"] for row in rows],
            "at": pd.to_datetime([row["datetime"][:19] for row in rows]) + pd.Timedelta(hours=3),
        }
    )


def test_after_an_unsubscribe_nothing_is_sent_by_the_channel_and_the_profile_shows_it(
    sample: tuple[Path, Path], messages: pd.DataFrame
):
    left = messages[messages["action"] == "unsubscribe"].set_index(["user_id", "channel"])["at"]
    sent = messages[messages["action"].isin(["send", "refuse"])].set_index(["user_id", "channel"])["at"]
    after = sent.to_frame("sent").join(left.rename("left"), how="inner")
    assert len(left) > 10
    assert left.index.is_unique
    assert (after["sent"] < after["left"]).all()
    profiles = table(sample[0], "profiles.csv.gz", "birth_year")
    profiles["at"] = pd.to_datetime(profiles["changed_at"].str[:19])
    for (user, channel), at in left.items():
        versions = profiles[profiles["user_id"] == user]
        accepts = versions[f"accepts_{channel}"].to_numpy()
        assert set(accepts[versions["at"] < at]) == {"1"}
        assert set(accepts[versions["at"] >= at]) <= {"0"}


def test_a_treated_person_gets_the_planned_messages_days_apart(sample: tuple[Path, Path], messages: pd.DataFrame):
    contacts = table(sample[0], "campaign_contacts.csv.gz", "assigned_at")
    contacts = contacts.assign(campaign=contacts["campaign_id"].astype(int), planned=contacts["contacts"].astype(int))
    sent = messages[messages["action"].isin(["send", "refuse"])].groupby(["user_id", "campaign"])["at"]
    sent = sent.agg(["count", "min", "max"])
    joined = contacts.join(sent, on=["user_id", "campaign"])
    control = joined[joined["group"] == "control"]
    assert (control[["channel", "offer", "contacts"]] == ["", "", "0"]).all(axis=None)
    assert control["count"].isna().all()
    early = joined[(joined["group"] == "treatment") & (joined["assigned_at"] < "2026-09-15")]
    assert (early["count"] == early["planned"]).mean() > 0.99
    assert (early["count"] <= early["planned"]).all()
    several = early[early["count"] > 1]
    assert ((several["max"] - several["min"]) / (several["count"] - 1) > pd.Timedelta(days=2)).all()


def test_few_messages_are_refused_and_nobody_reacts_to_them(messages: pd.DataFrame):
    refused = messages[messages["action"] == "refuse"]
    sent = messages[messages["action"] == "send"]
    assert 0.003 < len(refused) / len(sent) < 0.03
    keys = ["user_id", "channel"]
    reactions = messages[messages["action"].isin(["open", "click", "unsubscribe"])]
    assert not set(map(tuple, refused[keys].to_numpy())) & set(map(tuple, reactions[keys].to_numpy()))


def test_exports_hold_no_true_probability(sample: tuple[Path, Path]):
    truth = pd.read_parquet(sample[1] / "contacts.parquet")
    names = {f"p_{arm}" for arm in ARM_NAMES} | {f"y_{arm}" for arm in ARM_NAMES}
    assert names <= set(truth.columns)
    for path in sample[0].glob("*/*.csv.gz"):
        header = gzip.decompress(path.read_bytes()).decode().partition("\n")[0].split(",")
        assert not names & set(header)


def test_the_true_outcome_of_every_arm_has_its_true_probability(sample: tuple[Path, Path]):
    truth = pd.read_parquet(sample[1] / "contacts.parquet")
    assert len(truth) > 1000
    for arm in ARM_NAMES:
        probability, outcome = truth[f"p_{arm}"], truth[f"y_{arm}"]
        spread = np.sqrt((probability * (1 - probability)).sum())
        assert abs(outcome.sum() - probability.sum()) < 4 * spread


def test_effects_on_the_last_date_agree_with_the_states(sample: tuple[Path, Path]):
    effects = pd.read_parquet(sample[1] / "action_effects.parquet").set_index("user_id")
    states = pd.read_parquet(sample[1] / "states.parquet")
    states = states[states["as_of"] == states["as_of"].max()].set_index("user_id")
    assert effects.index.is_unique
    assert set(effects.index) == set(states.index)
    assert np.allclose(effects["p_control"], states["probability"].reindex(effects.index))
    columns = [f"p_{arm}" for arm in ARM_NAMES]
    assert effects[columns].stack().between(0, 1).all()
    differ = (effects[columns].sub(effects["p_control"], axis=0).abs() > 1e-12).any(axis=1)
    assert not differ[~effects["can_change"]].any()
    assert differ[effects["can_change"]].mean() > 0.8
    assert (effects.loc[effects["can_change"], "population"] == "paid").all()


def test_effects_help_harm_and_change_nothing(assigned: Contracts):
    values = oracle.leaving_by_arm(assigned, assigned.decision.contacted)
    effect = dict(zip(ARM_NAMES, (values - values[:, :1]).T, strict=True))
    for arm in ("sms_discount_20_1", "email_discount_20_2", "push_free_month_2", "push_new_title_1"):
        assert effect[arm].mean() < -0.01
        assert (effect[arm] > 0.005).mean() > 0.03
    for arm in ("email_none_1", "push_none_1"):
        assert abs(effect[arm].mean()) < 0.02
        assert (np.abs(effect[arm]) < 0.001).mean() > 0.7
    assert effect["email_new_title_3"].mean() > 0.01
    assert (effect["email_new_title_3"] < -0.01).mean() > 0.2


def test_the_effect_is_not_monotone_in_the_risk(assigned: Contracts):
    values = oracle.leaving_by_arm(assigned, assigned.decision.contacted)
    arm = ARM_NAMES.index("email_discount_20_2")
    allowed = assigned.intent.open_actions(assigned.decision.contacted)[:, arm - 1]
    change = assigned.intent.effects[allowed, arm - 1]
    order = np.argsort(values[allowed, 0], kind="stable")
    low, *_, middle, high = (change[part].mean() for part in np.split(order, _shares(len(order), 0.3, 0.6, 0.9, 0.995)))
    assert middle < low - 0.5
    assert middle < high - 0.5


def _shares(count: int, *shares: float) -> list[int]:
    return [round(share * count) for share in shares]


def candidates(log_odds: float, engagement: float = 0.0, discontent: float = 0.5) -> RenewalCandidates:
    ones = np.ones(1)
    return RenewalCandidates(np.zeros(1, dtype=np.int64), log_odds * ones, engagement * ones, discontent * ones)


@pytest.fixture
def person(world: World) -> People:
    """Somebody without a dead address who likes money and new titles equally."""
    first = world.people.select_rows(np.arange(1))
    return replace(first, thrift=np.array([0.5]), dead_addresses=np.zeros((1, len(CHANNELS)), dtype=np.bool_))


def test_the_third_contact_annoys_and_a_plain_reminder_persuades_nobody(person: People):
    effect = dict(zip(ACTION_NAMES, contact_effect(person, candidates(-3.5))[0], strict=True))
    assert effect["email_new_title_3"] > 0 > effect["push_new_title_1"]
    assert effect["email_none_1"] == effect["push_none_1"] == 0
    assert effect["email_discount_20_2"] < effect["push_new_title_1"]


def test_nearly_certain_leavers_are_hardly_changed(person: People):
    certain, undecided = (contact_effect(person, candidates(log_odds))[0] for log_odds in (3.5, -1.6))
    assert np.abs(certain).max() < 0.1
    assert undecided.min() < -2


def test_any_contact_reminds_people_who_forgot_their_subscription(person: People):
    forgotten = candidates(-3.5, engagement=-1.0, discontent=-0.5)
    assert has_forgotten(forgotten).all()
    assert (contact_effect(person, forgotten) > 0.5).all()


def test_a_dead_address_is_not_changed_by_any_action(person: People):
    dead = replace(person, dead_addresses=np.ones((1, len(CHANNELS)), dtype=np.bool_))
    assert (contact_effect(dead, candidates(-1.6)) == 0).all()


def test_channels_close_only_for_people_who_accepted_them(world: World, contracts: Contracts):
    closed = (contracts.closes_at > 0) & (contracts.closes_at < NEVER)
    assert (contracts.closes_at[~world.people.consents] == 0).all()
    assert 0.001 < closed.sum() / world.people.consents.sum() < 0.05


def test_messages_are_planned_for_treated_people_only(contracts: Contracts):
    decision, messages = contracts.decision, contracts.messages
    planned = ARM_CONTACTS[decision.arm]
    assert len(messages) == planned.sum()
    assert (planned[decision.control] == 0).all()
    treated = set(zip(contracts.periods.user[decision.treated], decision.campaign[decision.treated], strict=True))
    assert set(zip(messages.user, messages.campaign - FIRST_CAMPAIGN, strict=True)) == treated
