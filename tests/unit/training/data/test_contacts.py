"""Rows of people whom we contacted within the window of their label are flagged."""

from datetime import timedelta

import numpy as np
import pytest

from training.data.contacts import Contacts
from training.data.frame import Frame

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
