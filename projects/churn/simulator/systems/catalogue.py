"""The export of the catalogue: every title that is announced by the drop, as mongoexport writes documents."""

import json
from datetime import date

import numpy as np

from projects.churn.simulator.calendar import moment
from projects.churn.simulator.people.titles import GENRES, Titles
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.metrica import title_ids

FILE = "catalogue.jsonl"
NAMES = ("Tide", "Night", "Harbour", "Winter", "Echo", "Garden", "Signal", "Island", "Orchard", "River")


def document_lines(titles: Titles, drop: date) -> list[str]:
    """One JSON document a title, in the order of release."""
    ids = title_ids(titles).to_pylist()
    stamps = {name: text.utc(getattr(titles, name)).to_pylist() for name in ("announced", "released", "finale")}
    known = np.flatnonzero(titles.announced < moment(drop))
    return [_document(titles, row, ids[row], {name: stamps[name][row] for name in stamps}) for row in known.tolist()]


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
