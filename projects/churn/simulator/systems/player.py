"""The export of the player's log from ClickHouse: Parquet with integer times and binary strings."""

from typing import Any

import numpy as np
import pyarrow as pa

from projects.churn.simulator.behaviour.wrong_clocks import confuse
from projects.churn.simulator.people.devices import Devices
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.logs import Fields, Log
from projects.churn.simulator.systems.metrica import title_ids
from projects.churn.simulator.world import World

TYPES = ("mobile", "mobile", "tv", "web")
WEB = 3
EVENTS = ("play_finished", "play_failed")
FILE = "player.parquet"


def player_log(world: World, devices: Devices, fields: Fields) -> Log:
    """The plays of `viewing.make_viewing`; who has no device of the app watches in a browser."""
    device = np.maximum(fields["device"], 0)
    none = fields["device"] < 0
    where = np.where(none, WEB, devices.kind[device])
    whole = {
        **fields, "at": confuse(fields["at"]), "type": where,
        "device": np.where(none, fields["user"].astype(np.uint64) + np.uint64(1), devices.id[device]),
    }  # fmt: skip
    ids = title_ids(world.titles)
    return Log(FILE, fields["known"], whole, lambda rows: {"table": _table(rows, ids)})


def _table(rows: Fields, titles: Any) -> pa.Table:
    def binary(values: Any) -> Any:
        return values.cast(pa.binary())

    return pa.table({
        "event_id": pa.array(rows["id"], pa.uint64()),
        "event_time": pa.array(text.unix(rows["at"]).astype(np.uint32), pa.uint32()),
        "received_time": pa.array(text.unix(rows["known"]).astype(np.uint32), pa.uint32()),
        "user_id": binary(text.user_id(rows["user"])),
        "profile_no": pa.array(rows["profile"].astype(np.uint8), pa.uint8()),
        "device_id": binary(text.hexadecimal(rows["device"])),
        "device_type": binary(text.words(TYPES, rows["type"])),
        "event": binary(text.words(EVENTS, rows["failed"].astype(np.int64))),
        "title_id": binary(titles.take(pa.array(rows["title"]))),
        "season": pa.array(rows["season"].astype(np.uint16), pa.uint16()),
        "episode": pa.array(rows["episode"].astype(np.uint16), pa.uint16()),
        "watched_s": pa.array(rows["watched"].astype(np.uint32), pa.uint32()),
        "duration_s": pa.array(rows["length"].astype(np.uint32), pa.uint32()),
    })  # fmt: skip
