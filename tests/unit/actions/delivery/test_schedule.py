"""Contacts are planned outside of quiet hours."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.declare.action import Channel
from actions.delivery.schedule import contact_time, is_quiet


def channel(quiet_hours: tuple[time, time] | None) -> Channel:
    return Channel(name="push", cost=1, where="true", quiet_hours=quiet_hours)


@pytest.mark.parametrize(
    ("quiet_hours", "expected"),
    [
        (None, time(12)),
        ((time(22), time(9)), time(12)),
        ((time(12), time(14)), time(14)),
        ((time(9), time(12)), time(12)),
        ((time(11), time(0)), time(0)),
        ((time(14), time(13, 30)), time(13, 30)),
    ],
)
def test_a_contact_is_at_noon_or_at_the_end_of_quiet_hours(
    quiet_hours: tuple[time, time] | None, expected: time
) -> None:
    assert contact_time(channel(quiet_hours)) == expected


@given(st.times(), st.times())
def test_no_contact_is_within_quiet_hours(begin: time, end: time) -> None:
    if begin != end:
        assert not is_quiet(contact_time(channel((begin, end))), (begin, end))
