"""Who enters a campaign and which actions are allowed, on a snapshot of real exports."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from actions.design.eligibility import EligiblePeople, Restrictions, read_eligible_people
from features import Snapshots
from tests.unit.actions.plans import PLAN, SPEC, plan
from tests.unit.actions.shop import LATEST, Shop, build, ingest_shop, make_shop

NAMES = [action.name for action in PLAN.actions]


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(people=400)


@pytest.fixture(scope="module")
def snapshots(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Snapshots:
    ingested = ingest_shop(shop, tmp_path_factory.mktemp("shop"))
    build(ingested, LATEST)
    return ingested


def read(snapshots: Snapshots, restrictions: Restrictions | None = None, **changes: object) -> EligiblePeople:
    return read_eligible_people(plan(**changes), SPEC, snapshots.path(LATEST), restrictions or Restrictions())


def test_actions_follow_the_consents_of_each_person(snapshots: Snapshots, shop: Shop):
    people = read(snapshots)
    consents = shop.customers.set_index("user_id").loc[list(people.entities)]
    expected = consents[["accepts_email", "accepts_email", "accepts_sms"]].to_numpy(dtype=bool)
    assert (people.allowed == expected).all()
    assert expected.any(axis=1).all()


def test_a_person_without_any_channel_is_left_out_and_counted(snapshots: Snapshots, shop: Shop):
    customers = shop.customers
    last_visits = pd.to_datetime(shop.visits.groupby("user_id")["seen_at"].max())
    active = customers["user_id"].map(last_visits) >= pd.Timestamp(LATEST) - pd.Timedelta(days=90)
    without = int((active & (customers["accepts_email"] == 0) & (customers["accepts_sms"] == 0)).sum())
    people = read(snapshots)
    assert people.left_out == {"have no open channel or offer": without}
    assert len(people) == int(active.sum()) - without


def test_the_conditions_of_plan_and_offer_count(snapshots: Snapshots):
    nobody = replace(PLAN.offers[1], where="visits_count_90d > 1000")
    people = read(snapshots, offers=(PLAN.offers[0], nobody))
    assert people.allowed.any(axis=0).tolist() == [True, False, False]
    assert len(read(snapshots, where="visits_count_90d > 1000")) == 0
    null = read(snapshots, where="visits_count_90d > null")
    assert list(null.left_out) == ["do not meet the plan's condition"]


def test_a_closed_channel_forbids_its_actions(snapshots: Snapshots):
    everybody = read(snapshots)
    closer = everybody.entities[everybody.allowed.all(axis=1)][0]
    people = read(snapshots, Restrictions(closed={"email": frozenset([closer])}))
    (row,) = np.flatnonzero(people.entities == closer)
    assert people.allowed[row].tolist() == [False, False, True]


def test_contacts_of_the_cap_days_count_with_those_of_the_action(snapshots: Snapshots):
    everybody = read(snapshots)
    mailed = everybody.entities[everybody.allowed.all(axis=1)][0]
    for contacts, expected in ((2, [True, True, True]), (3, [True, False, True]), (4, [False, False, True])):
        people = read(snapshots, Restrictions(contacts={"email": {mailed: contacts}}))
        (row,) = np.flatnonzero(people.entities == mailed)
        assert people.allowed[row].tolist() == expected


def test_people_who_rest_or_used_up_every_channel_are_left_out_and_counted(snapshots: Snapshots):
    everybody = read(snapshots)
    only_sms = everybody.entities[~everybody.allowed[:, 0]][0]
    restrictions = Restrictions(resting=frozenset(everybody.entities[:7]) - {only_sms}, contacts={"sms": {only_sms: 2}})
    people = read(snapshots, restrictions)
    resting = len(restrictions.resting)
    assert len(people) == len(everybody) - resting - 1
    assert people.left_out["entered another campaign lately"] == resting
    assert people.left_out["closed their channels or had too many contacts"] == 1
    assert not set(people.entities) & {*restrictions.resting, only_sms}
