"""Export of AppMetrica's Logs API: events and session starts as comma-separated values."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from projects.churn.simulator.behaviour.app import EVENTS as NAMES
from projects.churn.simulator.behaviour.app import (
    KIDS_MODE,
    PUSH_OPEN,
    SEARCH,
    TITLE_CARD_OPEN,
    TITLE_OPEN,
    AppEvents,
    Sessions,
)
from projects.churn.simulator.calendar import OUTAGE, moment
from projects.churn.simulator.columns import Fields, Ints
from projects.churn.simulator.events import draw_delays
from projects.churn.simulator.people.devices import TABLET, TYPES, Devices
from projects.churn.simulator.people.people import REGIONS
from projects.churn.simulator.streams import Streams
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.clock_faults import add_clock_faults
from projects.churn.simulator.systems.logs import Log, Texts
from projects.churn.simulator.world import World

APPLICATION = "4242"
#: from this day on the app reports `title_open` as `title_card_open`.
RENAMED = date(2026, 3, 1)
MAKERS = (
    ("Samsung", "Xiaomi", "Apple", "Huawei"),
    ("Samsung", "Apple", "Lenovo", "Huawei"),
    ("LG", "Samsung", "Sber", "Haier"),
)
MODELS = (
    ("SM-A546E", "Redmi Note 13", "iPhone 14", "P60"),
    ("SM-X210", "iPad 10", "TB-310", "MatePad"),
    ("OLED55", "QE55", "SDX-43", "H43"),
)
SYSTEMS = (
    ("android", "android", "ios", "android"),
    ("android", "ios", "android", "android"),
    ("webos", "tizen", "android", "android"),
)
OS_VERSIONS = ("14", "15", "13.1")
APPS = ("5.8.0", "5.9.2", "6.0.1")
CONNECTIONS = ("wifi", "cell")


def _received_at(streams: Streams, at: Ints) -> Ints:
    # An app sends its events within minutes when it is online.
    return at + draw_delays(streams, len(at))


def _outside_outage(at: Ints) -> Ints:
    """Numbers of the rows outside the tracking outage."""
    return np.flatnonzero((at < moment(OUTAGE[0])) | (at >= moment(OUTAGE[1])))


def session_log(world: World, devices: Devices, sessions: Sessions) -> Log:
    """Build the log of session starts."""
    rows = sessions.select_rows(_outside_outage(sessions.at))
    received_at = _received_at(world.streams.substreams("sessions known"), rows.at)
    fields = {**_device(devices, rows), "at": rows.at, "received_at": received_at}
    return Log("appmetrica_sessions.csv.gz", received_at, fields, _session_texts, "session_start_timestamp")


def event_log(world: World, devices: Devices, sessions: Sessions, events: AppEvents) -> Log:
    """Build the log of events, under the event names of their time."""
    rows = events.select_rows(_outside_outage(events.at))
    received_at = _received_at(world.streams.substreams("events known"), rows.at)
    renamed = (rows.event == TITLE_OPEN) & (rows.at >= moment(RENAMED))
    fields = {
        **_device(devices, sessions.select_rows(rows.session)), "at": add_clock_faults(rows.at),
        "received_at": received_at, "event": np.where(renamed, TITLE_CARD_OPEN, rows.event), "detail": rows.detail,
    }  # fmt: skip
    return Log("appmetrica_events.csv.gz", received_at, fields, _event_texts, "event_timestamp")


def _device(devices: Devices, sessions: Sessions) -> Fields:
    return {
        "session": sessions.id, "profile": sessions.profile, "city": sessions.city, "connection": sessions.connection,
        "device": devices.id[sessions.device], "kind": devices.kind[sessions.device],
        "model": devices.model[sessions.device], "version": devices.version[sessions.device],
    }  # fmt: skip


def _device_texts(rows: Fields) -> Texts:
    count, place = len(rows["at"]), rows["kind"] * 4 + rows["model"]
    tables = [[name for kind in table for name in kind] for table in (MAKERS, MODELS, SYSTEMS)]
    return {
        "appmetrica_device_id": text.to_text(rows["device"]),
        "city": text.look_up(REGIONS, rows["city"]),
        "connection_type": text.look_up(CONNECTIONS, rows["connection"]),
        "country_iso_code": text.constant("RU", count),
        "device_manufacturer": text.look_up(tables[0], place),
        "device_model": text.look_up(tables[1], place),
        "device_type": text.look_up(TYPES[: TABLET + 2], rows["kind"]),
        "os_name": text.look_up(tables[2], place),
        "os_version": text.look_up(OS_VERSIONS, rows["version"]),
        "profile_id": text.user_id(rows["profile"]),
        "app_version_name": text.look_up(APPS, rows["version"]),
        "application_id": text.constant(APPLICATION, count),
    }


def _session_texts(rows: Fields) -> Texts:
    return {
        "session_id": text.to_text(rows["session"]),
        "session_start_datetime": text.local_time(rows["at"]),
        "session_start_receive_datetime": text.local_time(rows["received_at"]),
        "session_start_receive_timestamp": text.to_text(text.unix_seconds(rows["received_at"])),
        "session_start_timestamp": text.to_text(text.unix_seconds(rows["at"])),
        **_device_texts(rows),
    }


def _event_texts(rows: Fields) -> Texts:
    installation = text.hexadecimal(rows["device"] ^ np.uint64(0x2545F4914F6CDD1D))
    return {
        "event_datetime": text.local_time(rows["at"]),
        "event_json": _details(rows),
        "event_name": text.look_up(NAMES, rows["event"]),
        "event_receive_datetime": text.local_time(rows["received_at"]),
        "event_receive_timestamp": text.to_text(text.unix_seconds(rows["received_at"])),
        "event_timestamp": text.to_text(text.unix_seconds(rows["at"])),
        "session_id": text.to_text(rows["session"]),
        "installation_id": installation,
        **_device_texts(rows),
    }


def _details(rows: Fields) -> pa.Array:
    """JSON details of each event, with doubled quotes as CSV requires."""
    event, detail = rows["event"], text.to_text(rows["detail"])
    opened = text.join_columns('"{""position"":', text.to_text(rows["detail"] % 40), ',""card"":', detail, '}"')
    sought = text.join_columns(
        '"{""query_length"":',
        text.to_text(rows["detail"] % 17),
        ',""results"":',
        text.to_text(rows["detail"] % 60),
        '}"',
    )
    pushed = text.join_columns('"{""push_id"":', detail, '}"')
    is_open = pa.array((event == TITLE_OPEN) | (event == TITLE_CARD_OPEN))
    other = pc.if_else(
        pa.array(event == PUSH_OPEN), pushed, pc.if_else(pa.array(event == KIDS_MODE), '"{""on"":true}"', "{}")
    )
    return pc.if_else(is_open, opened, pc.if_else(pa.array(event == SEARCH), sought, other))
