"""The export of Metrica's Logs API: visits and hits as tab-separated values, written as ClickHouse writes them.

A drop holds the last days again, for a visit is only closed after three of them: the first export of a growing visit
shows fewer pages than a later one.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from projects.churn.simulator.behaviour.web import (
    CANCEL_PAGE,
    PAGES,
    SEARCH,
    WATCH,
    Hits,
    Visits,
)
from projects.churn.simulator.calendar import DAY, OUTAGE, moment
from projects.churn.simulator.columns import Flags, Ints
from projects.churn.simulator.people.devices import Devices
from projects.churn.simulator.people.people import REGIONS
from projects.churn.simulator.people.titles import Titles
from projects.churn.simulator.streams import Streams
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.logs import (
    GARBLED,
    LATE,
    Fields,
    Texts,
    receive,
)
from projects.churn.simulator.world import World

COUNTER = "24226447"
SITE = "https://kino.example"
#: the exports after this day have the new names of the products' columns.
RENAMED = date(2025, 11, 1)
#: a visit may still change this long.
OPEN = 3 * DAY
SOURCES = ("organic", "direct", "ad", "internal", "referral")
#: device category, system, browser of a browser's model.
CATEGORIES = ("1", "2", "1", "3")
SYSTEMS = ("windows", "android", "macos", "ios_double")
BROWSERS = ("chrome", "android_browser", "safari", "yandex_browser")
GOALS = {"purchase": "1001", "cancel": "1002"}
PRODUCTS = {1: "['standard_1m']", 3: "['standard_3m']", 12: r"['standard_12m','viewer\'s_gift']"}
PRODUCT_PRICES = {1: "[399]", 3: "[1077]", 12: "[3590,0]"}
QUERIES = ("drama", "new+series", "comedy+2026", "for+children", "detective", "%D0%BA%D0%B8%D0%BD%D0%BE")
VISITS_FILE, HITS_FILE = "metrica_visits.tsv.gz", "metrica_hits.tsv.gz"


@dataclass(frozen=True)
class Metrica:
    """All that the site's counter saw; `visit_rows` and `hit_rows` are what arrived, in the order of event time."""

    visits: Visits
    hits: Hits
    devices: Devices
    regions: Ints
    pages: pa.Array
    first_hit: Ints
    closed: Ints
    visit_rows: Fields
    hit_rows: Fields


def make_metrica(world: World, devices: Devices, visits: Visits, hits: Hits) -> Metrica:
    """Draw what arrived of the visits and when."""
    streams, count = world.streams.under("metrica"), len(visits)
    of = streams.of
    late = np.where(of("late").random(count) < LATE, of("days").integers(DAY // 2, 2 * DAY, count), 0)
    known = visits.at + visits.seconds + late
    watch = text.joined("/watch/", title_ids(world.titles))
    home = np.maximum(devices.user[visits.device], 0)
    regions = np.where(
        devices.user[visits.device] >= 0, world.people.region[home], of("regions").integers(0, len(REGIONS), count)
    )
    return Metrica(
        visits=visits, hits=hits, devices=devices, regions=regions, pages=_pages(hits, watch),
        first_hit=np.cumsum(visits.hits) - visits.hits,
        closed=visits.at + np.where(visits.growing, of("closed").integers(DAY // 4, OPEN - DAY // 4, count), 0),
        visit_rows=_arrived(streams.under("visits"), world, visits.at, known),
        hit_rows=_arrived(streams.under("hits"), world, hits.at, known[hits.visit]),
    )  # fmt: skip


def title_ids(titles: Titles) -> pa.Array:
    """24 hexadecimal digits of each title."""
    serial = titles.serial.astype(np.uint64)
    return text.hexadecimal((serial + np.uint64(7)) * np.uint64(0xD1B54A32D192ED03), serial * np.uint64(40503))


def _arrived(streams: Streams, world: World, at: Ints, known: Ints) -> Fields:
    """What arrives, by event time; nothing does that happened in the outage."""
    up = np.flatnonzero((at < moment(OUTAGE[0])) | (at >= moment(OUTAGE[1])))
    receipt = receive(streams, at[up], world.window.end, lossless=False)
    rows = up[receipt.rows]
    return {"row": rows, "garbled": receipt.garbled, "at": at[rows], "known": np.maximum(known, at)[rows]}


def _pages(hits: Hits, watch: pa.Array) -> pa.Array:
    """The URL of every hit."""
    page = text.words(PAGES, hits.page)
    watched = watch.take(pa.array(hits.detail))
    query = text.joined("/search?q=", text.words(QUERIES, hits.detail % len(QUERIES)))
    path = pc.if_else(pa.array(hits.page == WATCH), watched, pc.if_else(pa.array(hits.page == SEARCH), query, page))
    return text.joined(SITE, path)


def _window(rows: Fields, since: int, drop: date) -> Fields:
    """Rows of event time from three days before `since` to the drop, as far as they had arrived."""
    low, high = np.searchsorted(rows["at"], [since - OPEN, moment(drop)])
    part = {name: values[low:high] for name, values in rows.items()}
    here: Flags = part["known"] < moment(drop)
    return {name: values[here] for name, values in part.items()}


def _garble(column: pa.Array, rows: Fields) -> pa.Array:
    return pc.if_else(pa.array(rows["garbled"]), GARBLED, column) if rows["garbled"].any() else column


def visit_texts(metrica: Metrica, since: int, drop: date) -> Texts:
    """The columns of the visits in a drop."""
    rows = _window(metrica.visit_rows, since, drop)
    numbers = rows["row"]
    visits = metrica.visits.take(numbers)
    grown = metrica.closed[numbers] < moment(drop)
    count = np.where(grown | ~visits.growing, visits.hits, (visits.hits + 1) // 2)
    seconds = np.where(grown | ~visits.growing, visits.seconds, visits.seconds // 2)
    first = metrica.first_hit[numbers]
    model = metrica.devices.model[visits.device]
    goals, bought = _goals(metrica, numbers, count), visits.bought
    names = ("productsID", "productsPrice") if drop <= RENAMED else ("purchasedProductID", "purchasedProductPrice")
    kinds = np.searchsorted([1, 3, 12], np.maximum(bought, 1))
    clock = text.clock(visits.at)
    return {
        "ym:s:visitID": text.plain(visits.id),
        "ym:s:counterID": text.constant(COUNTER, len(numbers)),
        "ym:s:watchIDs": _watch_ids(metrica, first, count),
        "ym:s:date": text.day_of(clock),
        "ym:s:dateTime": clock,
        "ym:s:dateTimeUTC": clock,
        "ym:s:isNewUser": text.plain(visits.fresh.astype(np.int64)),
        "ym:s:startURL": metrica.pages.take(pa.array(first)),
        "ym:s:endURL": metrica.pages.take(pa.array(first + count - 1)),
        "ym:s:pageViews": _garble(text.plain(count), rows),
        "ym:s:visitDuration": text.plain(seconds),
        "ym:s:bounce": text.plain(((count == 1) & (seconds < 15)).astype(np.int64)),
        "ym:s:clientID": text.plain(metrica.devices.id[visits.device]),
        "ym:s:goalsID": goals,
        "ym:s:lastTrafficSource": text.words(SOURCES, visits.source),
        "ym:s:deviceCategory": text.words(CATEGORIES, model),
        "ym:s:operatingSystemRoot": text.words(SYSTEMS, model),
        "ym:s:browser": text.words(BROWSERS, model),
        "ym:s:regionCity": text.words(REGIONS, metrica.regions[numbers]),
        f"ym:s:{names[0]}": text.words(["[]", *PRODUCTS.values()], np.where(bought > 0, kinds + 1, 0)),
        f"ym:s:{names[1]}": text.words(["[]", *PRODUCT_PRICES.values()], np.where(bought > 0, kinds + 1, 0)),
    }


def _goals(metrica: Metrica, numbers: Ints, count: Ints) -> pa.Array:
    """Reached by the pages counted so far."""
    last = metrica.hits.page[metrica.first_hit[numbers] + count - 1]
    reached = np.where(metrica.visits.bought[numbers] > 0, 1, np.where(last == CANCEL_PAGE, 2, 0))
    return text.words(["[]", *(f"[{goal}]" for goal in GOALS.values())], reached)


def _watch_ids(metrica: Metrica, first: Ints, count: Ints) -> pa.Array:
    """The ids of a visit's hits as an array in text."""
    offsets = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    rows = np.arange(offsets[-1]) - np.repeat(offsets[:-1], count) + np.repeat(first, count)
    lists = pa.ListArray.from_arrays(pa.array(offsets), text.plain(metrica.hits.id[rows]))
    return text.joined("[", pc.binary_join(lists, ","), "]")


def hit_texts(metrica: Metrica, since: int, drop: date) -> Texts:
    """The columns of the hits in a drop."""
    rows = _window(metrica.hit_rows, since, drop)
    numbers = rows["row"]
    hits = metrica.hits.take(numbers)
    device = metrica.visits.device[hits.visit]
    model = metrica.devices.model[device]
    clock = text.clock(hits.at)
    before = numbers > metrica.first_hit[hits.visit]
    referer = metrica.pages.take(pa.array(np.maximum(numbers - 1, 0)))
    outside = text.words(("https://yandex.ru/", "", "https://vk.com/"), metrica.visits.source[hits.visit] % 3)
    goal = np.where(hits.page == CANCEL_PAGE, 1, 0)
    return {
        "ym:pv:watchID": text.plain(hits.id),
        "ym:pv:counterID": text.constant(COUNTER, len(numbers)),
        "ym:pv:date": text.day_of(clock),
        "ym:pv:dateTime": clock,
        "ym:pv:title": text.words(("Kino", "Watch", "Search", "Tariffs", "Account", "Cancel", "Help"), hits.page),
        "ym:pv:URL": metrica.pages.take(pa.array(numbers)),
        "ym:pv:referer": pc.if_else(pa.array(before), referer, outside),
        "ym:pv:clientID": text.plain(metrica.devices.id[device]),
        "ym:pv:deviceCategory": text.words(CATEGORIES, model),
        "ym:pv:operatingSystemRoot": text.words(SYSTEMS, model),
        "ym:pv:browser": text.words(BROWSERS, model),
        "ym:pv:regionCity": text.words(REGIONS, metrica.regions[hits.visit]),
        "ym:pv:isPageView": _garble(text.constant("1", len(numbers)), rows),
        "ym:pv:goalsID": text.words(("[]", f"[{GOALS['cancel']}]"), goal),
        "ym:pv:params": text.words(("", '{"block":{"hero":1}}'), (hits.detail % 5 == 0).astype(np.int64)),
    }
