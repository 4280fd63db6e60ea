"""The export of AppMetrica's Logs API: events and session starts as comma-separated values."""

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
from projects.churn.simulator.behaviour.wrong_clocks import confuse
from projects.churn.simulator.calendar import OUTAGE, moment
from projects.churn.simulator.columns import Ints
from projects.churn.simulator.people.devices import TABLET, TYPES, Devices
from projects.churn.simulator.people.people import REGIONS
from projects.churn.simulator.streams import Streams
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.logs import (
    Fields,
    Log,
    Texts,
    delays,
)
from projects.churn.simulator.world import World

APPLICATION = "4242"
#: from this day on the app calls the opening of a title by its new name.
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


def _known(streams: Streams, at: Ints) -> Ints:
    # An app sends what it has gathered within minutes when it is online.
    return at + delays(streams, len(at))


def _up(at: Ints) -> Ints:
    """Rows outside the outage of tracking."""
    return np.flatnonzero((at < moment(OUTAGE[0])) | (at >= moment(OUTAGE[1])))


def session_log(world: World, devices: Devices, sessions: Sessions) -> Log:
    """Session starts."""
    kept = sessions.take(_up(sessions.at))
    known = _known(world.streams.under("sessions known"), kept.at)
    fields = {**_device(devices, kept), "at": kept.at, "known": known}
    return Log("appmetrica_sessions.csv.gz", known, fields, _session_texts, "session_start_timestamp")


def event_log(world: World, devices: Devices, sessions: Sessions, events: AppEvents) -> Log:
    """Events, under the names they had at the time."""
    kept = events.take(_up(events.at))
    known = _known(world.streams.under("events known"), kept.at)
    renamed = (kept.event == TITLE_OPEN) & (kept.at >= moment(RENAMED))
    fields = {
        **_device(devices, sessions.take(kept.session)), "at": confuse(kept.at), "known": known,
        "event": np.where(renamed, TITLE_CARD_OPEN, kept.event), "detail": kept.detail,
    }  # fmt: skip
    return Log("appmetrica_events.csv.gz", known, fields, _event_texts, "event_timestamp")


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
        "appmetrica_device_id": text.plain(rows["device"]),
        "city": text.words(REGIONS, rows["city"]),
        "connection_type": text.words(CONNECTIONS, rows["connection"]),
        "country_iso_code": text.constant("RU", count),
        "device_manufacturer": text.words(tables[0], place),
        "device_model": text.words(tables[1], place),
        "device_type": text.words(TYPES[: TABLET + 2], rows["kind"]),
        "os_name": text.words(tables[2], place),
        "os_version": text.words(OS_VERSIONS, rows["version"]),
        "profile_id": text.user_id(rows["profile"]),
        "app_version_name": text.words(APPS, rows["version"]),
        "application_id": text.constant(APPLICATION, count),
    }


def _session_texts(rows: Fields) -> Texts:
    return {
        "session_id": text.plain(rows["session"]),
        "session_start_datetime": text.clock(rows["at"]),
        "session_start_receive_datetime": text.clock(rows["known"]),
        "session_start_receive_timestamp": text.plain(text.unix(rows["known"])),
        "session_start_timestamp": text.plain(text.unix(rows["at"])),
        **_device_texts(rows),
    }


def _event_texts(rows: Fields) -> Texts:
    installation = text.hexadecimal(rows["device"] ^ np.uint64(0x2545F4914F6CDD1D))
    return {
        "event_datetime": text.clock(rows["at"]),
        "event_json": _details(rows),
        "event_name": text.words(NAMES, rows["event"]),
        "event_receive_datetime": text.clock(rows["known"]),
        "event_receive_timestamp": text.plain(text.unix(rows["known"])),
        "event_timestamp": text.plain(text.unix(rows["at"])),
        "session_id": text.plain(rows["session"]),
        "installation_id": installation,
        **_device_texts(rows),
    }


def _details(rows: Fields) -> pa.Array:
    """JSON of the event, its quotes doubled as the CSV needs."""
    event, detail = rows["event"], text.plain(rows["detail"])
    opened = text.joined('"{""position"":', text.plain(rows["detail"] % 40), ',""card"":', detail, '}"')
    sought = text.joined(
        '"{""query_length"":', text.plain(rows["detail"] % 17), ',""results"":', text.plain(rows["detail"] % 60), '}"'
    )
    pushed = text.joined('"{""push_id"":', detail, '}"')
    is_open = pa.array((event == TITLE_OPEN) | (event == TITLE_CARD_OPEN))
    other = pc.if_else(
        pa.array(event == PUSH_OPEN), pushed, pc.if_else(pa.array(event == KIDS_MODE), '"{""on"":true}"', "{}")
    )
    return pc.if_else(is_open, opened, pc.if_else(pa.array(event == SEARCH), sought, other))
