"""Rows of people whom we contacted within the window of their label are flagged."""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from features import DuckEngine, PrecomputedSnapshots
from tests.unit.ready_tables import TABLE, ingest_source, project
from training import TrainingPlan, TrainingRequest, read_comparison_rows
from training.data.contacts import Contacts
from training.data.fingerprint import fingerprint
from training.data.frame import Frame
from training.data.provenance import describe_provenance
from training.data.training_data import read_training_data

REACH = timedelta(days=32)


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("contacted_on", "is_within"),
    [("2026-02-28", False), ("2026-03-01", True), ("2026-04-01", True), ("2026-04-02", False)],
)
def test_the_window_begins_at_the_snapshot_and_ends_before_the_label_matures(contacted_on: str, is_within: bool):
    contacts = Contacts(np.array(["a"], dtype=object), days(contacted_on))
    flags = contacts.within_label(np.array(["a", "b"], dtype=object), days("2026-03-01", "2026-03-01"), REACH)
    assert flags.tolist() == [is_within, False]


def test_flags_agree_with_a_search_of_every_pair():
    random = np.random.default_rng(0)
    start = np.datetime64("2026-01-01")
    contacts = Contacts(random.integers(0, 40, 60).astype(str).astype(object), start + random.integers(0, 200, 60))
    entity, as_of = random.integers(0, 50, 500), start + random.integers(0, 200, 500)
    expected = [
        any(person == str(who) and 0 <= (day - date).astype(int) < REACH.days
            for person, day in zip(contacts.people, contacts.days, strict=True))
        for who, date in zip(entity, as_of, strict=True)
    ]  # fmt: skip
    assert contacts.within_label(entity, as_of, REACH).tolist() == expected
    assert 0 < sum(expected) < 500


def test_a_frame_without_contacted_people_has_all_other_rows():
    frame = Frame(("x",), np.arange(3.0)[:, None], np.array([0, 1, 0]), np.array([7, 8, 9]),
                  days("2026-03-01", "2026-03-01", "2026-03-01"))  # fmt: skip
    contacts = Contacts(np.array(["8"], dtype=object), days("2026-03-05"))
    assert contacts.leave_out(frame, REACH).entity.tolist() == [7, 9]


def test_without_contacts_nobody_is_flagged():
    nobody = Contacts(np.empty(0, dtype=object), np.empty(0, dtype="datetime64[D]"))
    assert not nobody.within_label(np.array([1, 2]), days("2026-03-01", "2026-03-01"), REACH).any()


MONTHS = tuple(date(2025, month, 1) for month in range(1, 13))


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> PrecomputedSnapshots:
    """Forty customers on the firsts of twelve months, every second of whom left."""
    lake = tmp_path_factory.mktemp("lake")
    customers = [(user, str(month), str(user % 2), float(user), "Basic") for month in MONTHS for user in range(40)]
    ingest_source(lake, customers, project="cdnow")
    built = PrecomputedSnapshots(lake, project(TABLE).spec, today=date(2027, 1, 1))
    built.build(lambda: DuckEngine("UTC", threads=1), MONTHS)
    return built


def request(
    snapshots: PrecomputedSnapshots, contacts: Contacts | None, lines: list[str], **plan: Any
) -> TrainingRequest:
    declared = TrainingPlan(recency="silence", out_of_time=2, folds=1, refit=False, **plan)
    population = snapshots.spec.populations[0]
    return TrainingRequest(snapshots, population, declared, MONTHS, date(2027, 1, 1), "code", lines.append, contacts)


def test_a_training_without_contacted_people_says_how_many_rows_it_left_out(snapshots: PrecomputedSnapshots):
    contacts = Contacts(np.array(["3", "4", "4"], dtype=object), days("2025-02-10", "2025-11-02", "2025-12-20"))
    lines: list[str] = []
    wanted = request(snapshots, contacts, lines, without_contacted=True)
    data = read_training_data(wanted)
    parts = (data.development, data.out_of_time)
    assert [(part.as_of.astype(str) == day).sum() for part, day in zip(
        (*parts, parts[1]), ("2025-02-01", "2025-11-01", "2025-12-01"), strict=True)] == [39, 39, 39]  # fmt: skip
    assert data.contacted_rows == 3
    assert describe_provenance(wanted, data)["data"]["contacted_rows"] == 3
    assert lines == [
        "train · active: 3 of 480 rows left out, because we contacted the person within the window of the label"
    ]


def test_a_comparison_leaves_out_the_same_people(snapshots: PrecomputedSnapshots):
    contacts = Contacts(np.array(["4"], dtype=object), days("2025-11-02"))
    wanted = request(snapshots, contacts, [], without_contacted=True)
    evidence = describe_provenance(wanted, read_training_data(wanted))
    names = [feature.name for feature in snapshots.spec.features]
    population = snapshots.spec.populations[0]
    rows, whole = (
        read_comparison_rows(snapshots, population, wanted.plan, evidence, None, names, given)
        for given in (contacts, None)
    )
    assert rows.digest == evidence["data"]["out_of_time_digest"] != whole.digest
    assert (len(rows.frame), len(whole.frame)) == (79, 80)


def test_a_training_that_keeps_contacted_people_is_as_before(snapshots: PrecomputedSnapshots):
    contacts = Contacts(np.array(["4"], dtype=object), days("2025-11-02"))
    data = read_training_data(request(snapshots, contacts, []))
    assert data.contacted_rows is None
    assert "contacted_rows" not in describe_provenance(request(snapshots, None, []), data)["data"]
    assert len(data.out_of_time) == 80


def test_an_unused_option_does_not_change_the_fingerprint():
    plan = TrainingPlan(recency="silence")
    before = {name: value for name, value in asdict(plan).items() if name != "without_contacted"}
    text = json.dumps([before, {"code": "c"}], sort_keys=True, default=str)
    assert fingerprint(plan, {"code": "c"}) == hashlib.sha256(text.encode()).hexdigest()[:32]
    assert fingerprint(replace(plan, without_contacted=True), {"code": "c"}) != fingerprint(plan, {"code": "c"})
