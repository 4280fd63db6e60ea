"""Export of the player's log from ClickHouse: Parquet with integer times and binary strings."""

from typing import Any

import numpy as np
import pyarrow as pa

from projects.churn.simulator.columns import Fields
from projects.churn.simulator.people.devices import Devices
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.catalogue import title_ids
from projects.churn.simulator.systems.clock_faults import add_clock_faults
from projects.churn.simulator.systems.logs import Log
from projects.churn.simulator.world import World

TYPES = ("mobile", "mobile", "tv", "web")
WEB = 3
EVENTS = ("play_finished", "play_failed")
FILE = "player.parquet"


def player_log(world: World, devices: Devices, fields: Fields) -> Log:
    """Build the log of the plays of `make_viewing`; people without an app device watch in a browser."""
    device = np.maximum(fields["device"], 0)
    none = fields["device"] < 0
    where = np.where(none, WEB, devices.kind[device])
    whole = {
        **fields, "at": add_clock_faults(fields["at"]), "type": where,
        "device": np.where(none, fields["user"].astype(np.uint64) + np.uint64(1), devices.id[device]),
    }  # fmt: skip
    ids = title_ids(world.titles)
    return Log(FILE, fields["received_at"], whole, lambda rows: {"table": _table(rows, ids)})


def _table(rows: Fields, titles: Any) -> pa.Table:
    def binary(values: Any) -> Any:
        return values.cast(pa.binary())

    return pa.table({
        "event_id": pa.array(rows["id"], pa.uint64()),
        "event_time": pa.array(text.unix_seconds(rows["at"]).astype(np.uint32), pa.uint32()),
        "received_time": pa.array(text.unix_seconds(rows["received_at"]).astype(np.uint32), pa.uint32()),
        "user_id": binary(text.user_id(rows["user"])),
        "profile_no": pa.array(rows["profile"].astype(np.uint8), pa.uint8()),
        "device_id": binary(text.hexadecimal(rows["device"])),
        "device_type": binary(text.look_up(TYPES, rows["type"])),
        "event": binary(text.look_up(EVENTS, rows["failed"].astype(np.int64))),
        "title_id": binary(titles.take(pa.array(rows["title"]))),
        "season": pa.array(rows["season"].astype(np.uint16), pa.uint16()),
        "episode": pa.array(rows["episode"].astype(np.uint16), pa.uint16()),
        "watched_s": pa.array(rows["watched"].astype(np.uint32), pa.uint32()),
        "duration_s": pa.array(rows["length"].astype(np.uint32), pa.uint32()),
    })  # fmt: skip
