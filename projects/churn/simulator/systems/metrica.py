"""Export of Metrica's Logs API: visits and hits as tab-separated values, written as ClickHouse writes them.

A batch repeats the last three days, because a visit is closed only after three days: the first export of a growing
visit shows fewer pages than a later one.
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
from projects.churn.simulator.columns import Fields, Flags, Ints
from projects.churn.simulator.events import LATE_SHARE
from projects.churn.simulator.people.devices import Devices
from projects.churn.simulator.people.people import REGIONS
from projects.churn.simulator.streams import Streams
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.catalogue import title_ids
from projects.churn.simulator.systems.logs import MALFORMED_NUMBER, Texts, receive
from projects.churn.simulator.world import World

COUNTER = "24226447"
SITE = "https://kino.example"
#: exports after this day have new names for the columns of products.
RENAMED = date(2025, 11, 1)
#: a visit can change up to this long after its start.
OPEN_SECONDS = 3 * DAY
SOURCES = ("organic", "direct", "ad", "internal", "referral")
#: device category, operating system and browser of each browser model.
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
    """The data of the site's counter; `visit_rows` and `hit_rows` are the received rows, in the order of event time."""

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
    """Draw which visits and hits are received, and when."""
    streams, count = world.streams.substreams("metrica"), len(visits)
    generator = streams.generator
    late = np.where(
        generator("late").random(count) < LATE_SHARE, generator("days").integers(DAY // 2, 2 * DAY, count), 0
    )
    received_at = visits.at + visits.seconds + late
    watch = text.join_columns("/watch/", title_ids(world.titles))
    home = np.maximum(devices.user[visits.device], 0)
    regions = np.where(
        devices.user[visits.device] >= 0,
        world.people.region[home],
        generator("regions").integers(0, len(REGIONS), count),
    )
    open_seconds = generator("closed").integers(DAY // 4, OPEN_SECONDS - DAY // 4, count)
    return Metrica(
        visits=visits, hits=hits, devices=devices, regions=regions, pages=_pages(hits, watch),
        first_hit=np.cumsum(visits.hits) - visits.hits,
        closed=visits.at + np.where(visits.growing, open_seconds, 0),
        visit_rows=_received(streams.substreams("visits"), world, visits.at, received_at),
        hit_rows=_received(streams.substreams("hits"), world, hits.at, received_at[hits.visit]),
    )  # fmt: skip


def _received(streams: Streams, world: World, at: Ints, received_at: Ints) -> Fields:
    """Draw the received rows in the order of event time; events during the outage are missing."""
    up = np.flatnonzero((at < moment(OUTAGE[0])) | (at >= moment(OUTAGE[1])))
    receipt = receive(streams, at[up], world.window.end, lossless=False)
    rows = up[receipt.rows]
    return {"row": rows, "garbled": receipt.malformed, "at": at[rows], "received_at": np.maximum(received_at, at)[rows]}


def _pages(hits: Hits, watch: pa.Array) -> pa.Array:
    """The URL of each hit."""
    page = text.look_up(PAGES, hits.page)
    watched = watch.take(pa.array(hits.detail))
    query = text.join_columns("/search?q=", text.look_up(QUERIES, hits.detail % len(QUERIES)))
    path = pc.if_else(pa.array(hits.page == WATCH), watched, pc.if_else(pa.array(hits.page == SEARCH), query, page))
    return text.join_columns(SITE, path)


def _window(rows: Fields, since: int, batch: date) -> Fields:
    """Rows from three days before `since` to the day of the batch, as far as they are received by then."""
    low, high = np.searchsorted(rows["at"], [since - OPEN_SECONDS, moment(batch)])
    part = {name: values[low:high] for name, values in rows.items()}
    visible: Flags = part["received_at"] < moment(batch)
    return {name: values[visible] for name, values in part.items()}


def _replace_malformed(column: pa.Array, rows: Fields) -> pa.Array:
    return pc.if_else(pa.array(rows["garbled"]), MALFORMED_NUMBER, column) if rows["garbled"].any() else column


def visit_texts(metrica: Metrica, since: int, batch: date) -> Texts:
    """The columns of the visits in the batch of a day."""
    rows = _window(metrica.visit_rows, since, batch)
    numbers = rows["row"]
    visits = metrica.visits.select_rows(numbers)
    grown = metrica.closed[numbers] < moment(batch)
    count = np.where(grown | ~visits.growing, visits.hits, (visits.hits + 1) // 2)
    seconds = np.where(grown | ~visits.growing, visits.seconds, visits.seconds // 2)
    first = metrica.first_hit[numbers]
    model = metrica.devices.model[visits.device]
    goals, bought = _goals(metrica, numbers, count), visits.bought
    names = ("productsID", "productsPrice") if batch <= RENAMED else ("purchasedProductID", "purchasedProductPrice")
    kinds = np.searchsorted([1, 3, 12], np.maximum(bought, 1))
    clock = text.local_time(visits.at)
    return {
        "ym:s:visitID": text.to_text(visits.id),
        "ym:s:counterID": text.constant(COUNTER, len(numbers)),
        "ym:s:watchIDs": _watch_ids(metrica, first, count),
        "ym:s:date": text.day_of(clock),
        "ym:s:dateTime": clock,
        "ym:s:dateTimeUTC": clock,
        "ym:s:isNewUser": text.to_text(visits.fresh.astype(np.int64)),
        "ym:s:startURL": metrica.pages.take(pa.array(first)),
        "ym:s:endURL": metrica.pages.take(pa.array(first + count - 1)),
        "ym:s:pageViews": _replace_malformed(text.to_text(count), rows),
        "ym:s:visitDuration": text.to_text(seconds),
        "ym:s:bounce": text.to_text(((count == 1) & (seconds < 15)).astype(np.int64)),
        "ym:s:clientID": text.to_text(metrica.devices.id[visits.device]),
        "ym:s:goalsID": goals,
        "ym:s:lastTrafficSource": text.look_up(SOURCES, visits.source),
        "ym:s:deviceCategory": text.look_up(CATEGORIES, model),
        "ym:s:operatingSystemRoot": text.look_up(SYSTEMS, model),
        "ym:s:browser": text.look_up(BROWSERS, model),
        "ym:s:regionCity": text.look_up(REGIONS, metrica.regions[numbers]),
        f"ym:s:{names[0]}": text.look_up(["[]", *PRODUCTS.values()], np.where(bought > 0, kinds + 1, 0)),
        f"ym:s:{names[1]}": text.look_up(["[]", *PRODUCT_PRICES.values()], np.where(bought > 0, kinds + 1, 0)),
    }


def _goals(metrica: Metrica, numbers: Ints, count: Ints) -> pa.Array:
    """The goals reached by the first `count` pages of each visit, as text."""
    last = metrica.hits.page[metrica.first_hit[numbers] + count - 1]
    reached = np.where(metrica.visits.bought[numbers] > 0, 1, np.where(last == CANCEL_PAGE, 2, 0))
    return text.look_up(["[]", *(f"[{goal}]" for goal in GOALS.values())], reached)


def _watch_ids(metrica: Metrica, first: Ints, count: Ints) -> pa.Array:
    """The ids of the first `count` hits of each visit, as an array in text."""
    offsets = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    rows = np.arange(offsets[-1]) - np.repeat(offsets[:-1], count) + np.repeat(first, count)
    lists = pa.ListArray.from_arrays(pa.array(offsets), text.to_text(metrica.hits.id[rows]))
    return text.join_columns("[", pc.binary_join(lists, ","), "]")


def hit_texts(metrica: Metrica, since: int, batch: date) -> Texts:
    """The columns of the hits in the batch of a day."""
    rows = _window(metrica.hit_rows, since, batch)
    numbers = rows["row"]
    hits = metrica.hits.select_rows(numbers)
    device = metrica.visits.device[hits.visit]
    model = metrica.devices.model[device]
    clock = text.local_time(hits.at)
    before = numbers > metrica.first_hit[hits.visit]
    referer = metrica.pages.take(pa.array(np.maximum(numbers - 1, 0)))
    outside = text.look_up(("https://yandex.ru/", "", "https://vk.com/"), metrica.visits.source[hits.visit] % 3)
    goal = np.where(hits.page == CANCEL_PAGE, 1, 0)
    return {
        "ym:pv:watchID": text.to_text(hits.id),
        "ym:pv:counterID": text.constant(COUNTER, len(numbers)),
        "ym:pv:date": text.day_of(clock),
        "ym:pv:dateTime": clock,
        "ym:pv:title": text.look_up(("Kino", "Watch", "Search", "Tariffs", "Account", "Cancel", "Help"), hits.page),
        "ym:pv:URL": metrica.pages.take(pa.array(numbers)),
        "ym:pv:referer": pc.if_else(pa.array(before), referer, outside),
        "ym:pv:clientID": text.to_text(metrica.devices.id[device]),
        "ym:pv:deviceCategory": text.look_up(CATEGORIES, model),
        "ym:pv:operatingSystemRoot": text.look_up(SYSTEMS, model),
        "ym:pv:browser": text.look_up(BROWSERS, model),
        "ym:pv:regionCity": text.look_up(REGIONS, metrica.regions[hits.visit]),
        "ym:pv:isPageView": _replace_malformed(text.constant("1", len(numbers)), rows),
        "ym:pv:goalsID": text.look_up(("[]", f"[{GOALS['cancel']}]"), goal),
        "ym:pv:params": text.look_up(("", '{"block":{"hero":1}}'), (hits.detail % 5 == 0).astype(np.int64)),
    }
