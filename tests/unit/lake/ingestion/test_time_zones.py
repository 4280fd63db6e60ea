"""Moments without an offset are local time of the declared zone, and become texts in UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake import Column
from lake.ingestion.batches import file_columns
from lake.ingestion.dialect_signs import in_utc
from tests.unit.builders import source


def read(text: str | None, time_zone: str = "America/New_York") -> str | None:
    (value,) = in_utc(pa.array([text], pa.string()), time_zone).to_pylist()
    return value


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-01-31 20:00:00", "2026-02-01 01:00:00.000000Z", id="winter"),
        pytest.param("2026-07-31T20:00", "2026-08-01 00:00:00.000000Z", id="summer, without seconds"),
        pytest.param(" 2026-01-01 00:00:00.5 ", "2026-01-01 05:00:00.500000Z", id="spaces and a fraction"),
        pytest.param("2026-01-01 00:00:00.123456789", "2026-01-01 05:00:00.123456Z", id="nanoseconds"),
        pytest.param("2026-01-01 00:00:7", "2026-01-01 05:00:07.000000Z", id="a second of one digit"),
        pytest.param("2026-11-01 01:30:00", "2026-11-01 05:30:00.000000Z", id="twice that day: the first time"),
        pytest.param("2026-03-08 02:30:00", "2026-03-08 07:30:00.000000Z", id="skipped that day: an hour later"),
        pytest.param("1883-11-18 12:00:00", "1883-11-18 16:56:02.000000Z", id="before zones had whole hours"),
        pytest.param("2026-01-31 20:00:00Z", "2026-01-31 20:00:00Z", id="in UTC"),
        pytest.param("2026-01-31 20:00:00+03:00", "2026-01-31 20:00:00+03:00", id="with an offset"),
        pytest.param("2026-02-30 20:00:00", "2026-02-30 20:00:00", id="a day that does not exist"),
        pytest.param("2026-02-03", "2026-02-03", id="a day"),
        pytest.param("soon", "soon", id="a word"),
        pytest.param("", "", id="nothing"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_moment_is_read_in_its_zone(text: str | None, moment: str | None):
    assert read(text) == moment


@given(
    local=st.datetimes(datetime(1950, 1, 1), datetime(2037, 1, 1)),
    zone=st.sampled_from(
        ["America/New_York", "Europe/Moscow", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo"]
    ),
)
def test_every_moment_is_that_of_the_standard_library(local: datetime, zone: str):
    wanted = local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    assert (
        read(local.isoformat(" ", "microseconds"), zone)
        == f"{wanted.replace(tzinfo=None).isoformat(' ', 'microseconds')}Z"
    )


@pytest.mark.parametrize("minutes", range(0, 240, 15))
def test_moments_around_a_change_of_clocks_are_those_of_the_standard_library(minutes: int):
    for day in (datetime(2026, 3, 8), datetime(2026, 11, 1)):
        local = day + timedelta(minutes=minutes)
        wanted = local.replace(tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
        assert read(f"{local:%Y-%m-%d %H:%M}") == f"{wanted:%Y-%m-%d %H:%M:%S}.000000Z"


def test_a_columns_zone_comes_before_its_sources_and_days_and_epochs_have_none():
    user, day = source().columns[:2]
    declared = source(
        time_zone="Asia/Kolkata",
        columns=(
            user,
            day,
            Column("loaded", "timestamp", "when we knew"),
            Column("seen", "timestamp", "in UTC", time_zone="UTC"),
            Column("sent", "timestamp", "seconds", epoch=True),
        ),
    )
    assert {column.name: column.time_zone for column in file_columns(declared)} == {
        "user_id": None, "day": None, "loaded": "Asia/Kolkata", "seen": "UTC", "sent": None,
    }  # fmt: skip
    assert {column.time_zone for column in file_columns(source())} == {None}
