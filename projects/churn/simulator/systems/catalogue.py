"""Export of the catalogue, as mongoexport writes documents: all titles announced before the day of the batch."""

import json
from datetime import date

import numpy as np
import pyarrow as pa

from projects.churn.simulator.calendar import moment
from projects.churn.simulator.systems import text
from projects.churn.simulator.titles import GENRES, Titles

FILE = "catalogue.jsonl"
NAMES = ("Tide", "Night", "Harbour", "Winter", "Echo", "Garden", "Signal", "Island", "Orchard", "River")


def title_ids(titles: Titles) -> pa.Array:
    """The id of each title: 24 hexadecimal digits."""
    serial = titles.serial.astype(np.uint64)
    return text.hexadecimal((serial + np.uint64(7)) * np.uint64(0xD1B54A32D192ED03), serial * np.uint64(40503))


def document_lines(titles: Titles, batch: date) -> list[str]:
    """One JSON document per announced title, in the order of release."""
    ids = title_ids(titles).to_pylist()
    stamps = {name: text.utc_time(getattr(titles, name)).to_pylist() for name in ("announced", "released", "finale")}
    announced = np.flatnonzero(titles.announced < moment(batch))
    return [
        _document(titles, row, ids[row], {name: stamps[name][row] for name in stamps}) for row in announced.tolist()
    ]


def _document(titles: Titles, row: int, key: str, stamps: dict[str, str]) -> str:
    serial = int(titles.serial[row])
    second = (int(titles.genre[row]) + 1 + serial % 3) % len(GENRES)
    genres = [GENRES[int(titles.genre[row])]] + ([GENRES[second]] if serial % 2 else [])
    return json.dumps(
        {
            "_id": {"$oid": key},
            "kind": "series" if titles.series[row] else "movie",
            "title": f"{NAMES[serial % 10]} {NAMES[serial // 10 % 10]} {serial}",
            "genres": genres,
            "kids": bool(titles.kids[row]),
            "announced": {"$date": stamps["announced"]},
            "released": {"$date": stamps["released"]},
            "finale": {"$date": stamps["finale"]} if titles.finale[row] else None,
            "episodes": int(titles.episodes[row]),
            "minutes": int(titles.minutes[row]),
            "updated": {"$date": stamps["announced"]},
        },
        separators=(",", ":"),
    )
