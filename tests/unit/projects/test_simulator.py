"""The simulated cinema writes files in the formats of the exporting systems, and its truth agrees with them."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projects.churn.simulator import simulate
from projects.churn.simulator.calendar import DAY, LAST_DAY, SimulationWindow, moment
from projects.churn.simulator.systems.logs import MALFORMED_NUMBER
from projects.churn.simulator.systems.text import delimited_text, fill_template, hexadecimal, iso_time, utc_time

USERS, MONTHS, SEED = 300, 6, 5

DEVICE = (
    "appmetrica_device_id,city,connection_type,country_iso_code,device_manufacturer,device_model,device_type,os_name,"
    "os_version,profile_id,app_version_name,application_id"
)
HEADERS = {
    "subscriptions.csv.gz": "event_id,user_id,subscription_id,event_type,event_at,plan,period_months,price,promo_code,"
    "promo_until,trial_kind,trial_until,reported_at",
    "payments.csv.gz": "payment_id,user_id,subscription_id,attempt_no,attempted_at,status,amount,currency,method,"
    "card_expires_on,decline_code,period_start,period_end,reported_at",
    "auto_renew.csv.gz": "switch_id,user_id,subscription_id,switched_at,auto_renew,switched_by,reported_at",
    "profiles.csv.gz": "user_id,changed_at,registered_at,birth_year,gender,region,household_size,has_kids_profile,"
    "email,phone,accepts_email,accepts_push,accepts_sms,reported_at",
    "identity_links.csv.gz": "kind,anonymous_id,user_id,linked_at,reported_at",
    "appmetrica_events.csv.gz": "event_datetime,event_json,event_name,event_receive_datetime,event_receive_timestamp,"
    f"event_timestamp,session_id,installation_id,{DEVICE}",
    "appmetrica_sessions.csv.gz": "session_id,session_start_datetime,session_start_receive_datetime,"
    f"session_start_receive_timestamp,session_start_timestamp,{DEVICE}",
    "campaign_contacts.csv.gz": "contact_id,user_id,campaign_id,campaign_name,channel,offer,contacts,"
    "probability,group,assigned_at,reported_at",
}
VISITS = (
    "ym:s:visitID,ym:s:counterID,ym:s:watchIDs,ym:s:date,ym:s:dateTime,ym:s:dateTimeUTC,ym:s:isNewUser,ym:s:startURL,"
    "ym:s:endURL,ym:s:pageViews,ym:s:visitDuration,ym:s:bounce,ym:s:clientID,ym:s:goalsID,ym:s:lastTrafficSource,"
    "ym:s:deviceCategory,ym:s:operatingSystemRoot,ym:s:browser,ym:s:regionCity"
)
OLD_PRODUCTS = ",ym:s:productsID,ym:s:productsPrice"
NEW_PRODUCTS = ",ym:s:purchasedProductID,ym:s:purchasedProductPrice"
HITS = (
    "ym:pv:watchID,ym:pv:counterID,ym:pv:date,ym:pv:dateTime,ym:pv:title,ym:pv:URL,ym:pv:referer,ym:pv:clientID,"
    "ym:pv:deviceCategory,ym:pv:operatingSystemRoot,ym:pv:browser,ym:pv:regionCity,ym:pv:isPageView,ym:pv:goalsID,"
    "ym:pv:params"
)
PLAYER = pa.schema(
    [
        ("event_id", pa.uint64()), ("event_time", pa.uint32()), ("received_time", pa.uint32()),
        ("user_id", pa.binary()),
        ("profile_no", pa.uint8()), ("device_id", pa.binary()), ("device_type", pa.binary()), ("event", pa.binary()),
        ("title_id", pa.binary()), ("season", pa.uint16()), ("episode", pa.uint16()), ("watched_s", pa.uint32()),
        ("duration_s", pa.uint32()),
    ]
)  # fmt: skip
BOOKS = ("subscriptions.csv.gz", "payments.csv.gz", "auto_renew.csv.gz", "profiles.csv.gz", "identity_links.csv.gz")


def write_sample(
    folder: Path, users: int = USERS, months: int = MONTHS, seed: int = SEED
) -> tuple[Path, Path, dict[str, int]]:
    raw, truth = folder / "raw", folder / "truth"
    raw.mkdir(parents=True)
    truth.mkdir()
    rows = simulate(raw, truth, users=users, months=months, seed=seed, say=lambda line: None)
    return raw, truth, rows


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, int]]:
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def raw(sample: tuple[Path, Path, dict[str, int]]) -> Path:
    return sample[0]


@pytest.fixture(scope="module")
def truth(sample: tuple[Path, Path, dict[str, int]]) -> Path:
    return sample[1]


def frame(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t" if ".tsv" in path.name else ",", dtype=str, keep_default_na=False, quoting=0)


def header_of(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode().partition("\n")[0]


def table(raw: Path, file: str, number: str = "") -> pd.DataFrame:
    """All distinct rows of a file in all batches, without the malformed rows."""
    whole = pd.concat([frame(path) for path in sorted(raw.glob(f"*/{file}"))], ignore_index=True).drop_duplicates()
    return whole[whole[number] != MALFORMED_NUMBER] if number else whole


def seconds(column: "pd.Series[str]") -> "pd.Series[int]":
    return pd.to_datetime(column.str[:19]).astype("datetime64[s]").astype("int64")


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(tmp_path: Path):
    for folder, seed in (("first", SEED), ("repeated", SEED), ("other", SEED + 1)):
        write_sample(tmp_path / folder, users=100, months=3, seed=seed)
    first, repeated, other = (digests(tmp_path / folder) for folder in ("first", "repeated", "other"))
    assert repeated == first
    assert other != first


def test_batches_are_monthly_and_at_the_end_daily(raw: Path):
    names = sorted(path.name for path in raw.iterdir())
    assert names[:5] == ["2026-05-01", "2026-06-01", "2026-07-01", "2026-08-01", "2026-09-01"]
    assert names[5:] == [(LAST_DAY - timedelta(days=back)).isoformat() for back in range(29, -1, -1)]
    files = {*HEADERS, "metrica_visits.tsv.gz", "metrica_hits.tsv.gz", "player.parquet", "campaign_history.jsonl"}
    for batch in raw.iterdir():
        catalogue = {"catalogue.jsonl"} if batch.name.endswith("-01") else set()
        assert {path.name for path in batch.iterdir()} == files | catalogue


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few people, over the time in which names changed and tracking failed."""
    return write_sample(tmp_path_factory.mktemp("year"), users=50, months=13)[0]


def test_every_header_is_that_of_the_exporting_system(raw: Path, year: Path):
    for batch in raw.iterdir():
        for file, header in HEADERS.items():
            assert header_of(batch / file) == header
        visits = header_of(batch / "metrica_visits.tsv.gz")
        assert visits == (VISITS + NEW_PRODUCTS).replace(",", "\t")
        assert header_of(batch / "metrica_hits.tsv.gz") == HITS.replace(",", "\t")
        assert pq.read_schema(batch / "player.parquet").equals(PLAYER)
    for day, products in (("2025-11-01", OLD_PRODUCTS), ("2025-12-01", NEW_PRODUCTS)):
        header = header_of(year / day / "metrica_visits.tsv.gz")
        assert header == (VISITS + products).replace(",", "\t")


def test_rows_written_are_counted(sample: tuple[Path, Path, dict[str, int]]):
    raw, _, rows = sample
    for file in HEADERS:
        assert rows[file] == sum(gzip.decompress(path.read_bytes()).count(b"\n") - 1 for path in raw.glob(f"*/{file}"))
    assert rows["player.parquet"] == sum(pq.read_metadata(path).num_rows for path in raw.glob("*/player.parquet"))
    assert rows["catalogue.jsonl"] == sum(len(path.read_text().splitlines()) for path in raw.glob("*/catalogue.jsonl"))


def spans(raw: Path) -> Iterator[tuple[Path, int, int]]:
    """Each batch with its first and its last moment."""
    since = 0
    for batch in sorted(raw.iterdir()):
        until = moment(date.fromisoformat(batch.name))
        yield batch, since, until
        since = until


def received_times(batch: Path) -> Iterator["pd.Series[int]"]:
    for file in (*BOOKS, "campaign_contacts.csv.gz"):
        yield seconds(frame(batch / file)["reported_at"])
    yield seconds(frame(batch / "appmetrica_events.csv.gz")["event_receive_datetime"])
    yield seconds(frame(batch / "appmetrica_sessions.csv.gz")["session_start_receive_datetime"])
    yield pd.Series(pq.read_table(batch / "player.parquet")["received_time"].to_numpy().astype(np.int64) + 3 * 3600)
    rows = [json.loads(line) for line in (batch / "campaign_history.jsonl").read_text().splitlines()]
    yield seconds(pd.Series([row["datetime"] for row in rows], dtype=str)) + 3 * 3600


def test_every_row_lies_in_the_batch_of_its_receipt_in_the_order_of_receipt(raw: Path):
    for batch, since, until in spans(raw):
        for received in received_times(batch):
            assert ((received >= since) & (received < until)).all()
            assert received.is_monotonic_increasing


def test_visits_of_the_last_days_are_exported_again_and_may_have_grown(raw: Path):
    for batch, since, until in spans(raw):
        visits = seconds(frame(batch / "metrica_visits.tsv.gz")["ym:s:dateTime"])
        low = (since or SimulationWindow(MONTHS).start) - 3 * DAY
        assert ((visits >= low) & (visits < until)).all()
        if batch.name > "2026-09-05":
            assert len(np.unique(visits // DAY)) == 4
    visits = table(raw, "metrica_visits.tsv.gz", "ym:s:pageViews").groupby("ym:s:visitID")["ym:s:pageViews"]
    view_counts = visits.agg(lambda counts: [int(count) for count in counts])
    growing = [counts for counts in view_counts if len(counts) > 1]
    assert growing
    assert all(counts == sorted(counts) for counts in growing)


def test_a_visit_lists_exported_hits_with_64_bit_ids(raw: Path):
    visits = table(raw, "metrica_visits.tsv.gz", "ym:s:pageViews")
    hits = set(table(raw, "metrica_hits.tsv.gz")["ym:pv:watchID"])
    listed = {hit for ids in visits["ym:s:watchIDs"] for hit in json.loads(ids.replace("'", '"'))}
    assert np.mean([str(hit) in hits for hit in listed]) > 0.95
    assert max(listed) > 2**63
    assert (visits["ym:s:dateTime"] == visits["ym:s:dateTimeUTC"]).all()


def paid_periods(raw: Path) -> pd.DataFrame:
    payments = table(raw, "payments.csv.gz", "amount")
    paid = payments[payments["status"] == "succeeded"]
    whole = pd.DataFrame(
        {"user": paid["user_id"], "start": seconds(paid["period_start"]), "end": seconds(paid["period_end"])}
    )
    return whole.sort_values(["user", "start"], ignore_index=True)


def test_paid_periods_do_not_overlap(raw: Path):
    paid = paid_periods(raw)
    same = paid["user"] == paid["user"].shift()
    assert (paid["start"][same] >= paid["end"].shift()[same]).all()


def reference_labels(paid: pd.DataFrame, at: int) -> dict[str, int]:
    """Labels of all paying subscribers at a moment, computed person by person."""
    labels = {}
    for user, periods in paid.groupby("user"):
        islands: list[list[int]] = []
        for start, end in zip(periods["start"], periods["end"], strict=True):
            if islands and start - islands[-1][1] <= 2 * DAY:
                islands[-1][1] = max(islands[-1][1], end)
            else:
                islands.append([start, end])
        if ((periods["start"] <= at) & (at < periods["end"])).any():
            end = next(until for since, until in islands if since <= at < until)
            labels[str(user)] = int(at < end <= at + 30 * DAY)
    return labels


def test_labels_of_the_truth_follow_from_the_payments(raw: Path, truth: Path):
    paid, states = paid_periods(raw), pq.read_table(truth / "states.parquet").to_pandas()
    matured = states[states["left"].notna() & (states["population"] == "paid")]
    assert sorted(map(str, matured["as_of"].unique())) == ["2026-05-01", "2026-06-01", "2026-07-01", "2026-08-01"]
    for day, rows in matured.groupby("as_of"):
        assert reference_labels(paid, moment(day)) == dict(zip(rows["user_id"], rows["left"].astype(int), strict=True))


def test_voluntary_leavers_switched_automatic_renewal_off_before(raw: Path, truth: Path):
    states = pq.read_table(truth / "states.parquet").to_pandas()
    switches = table(raw, "auto_renew.csv.gz", "auto_renew")
    switches["at"] = seconds(switches["switched_at"])
    paid = paid_periods(raw)
    leavers = states[(states["population"] == "paid") & (states["how"] == "voluntary")]
    assert len(leavers) > 5
    for user, day in zip(leavers["user_id"], leavers["as_of"], strict=True):
        at = moment(day)
        periods = paid[paid["user"] == user]
        end = int(periods["end"][(periods["start"] <= at) & (at < periods["end"])].iloc[0])
        last = switches[(switches["user_id"] == user) & (switches["at"] < end)].sort_values("at").iloc[-1]
        assert (last["auto_renew"], last["switched_by"]) == ("0", "user")
        assert end - last["at"] <= 30 * DAY


def test_the_control_group_gets_no_message_and_the_treatment_group_does(raw: Path, truth: Path):
    contacts = table(raw, "campaign_contacts.csv.gz", "assigned_at")
    files = raw.glob("*/campaign_history.jsonl")
    rows = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    sent = {(row["fields"]["user_id"], str(row["campaign_id"])) for row in rows if row["action"] in ("send", "refuse")}
    pairs = contacts[["user_id", "campaign_id"]].apply(tuple, axis=1)
    control = contacts["group"] == "control"
    assert 0 < control.sum() < (~control).sum()
    assert not set(pairs[control]) & sent
    assert set(pairs[~control]) <= sent
    assigned = pq.read_table(truth / "contacts.parquet").to_pandas()
    assert set(contacts["contact_id"]) <= set(assigned["contact_id"])


def test_exports_contain_the_faults_of_real_exports(raw: Path):
    raw_rows = pd.concat([frame(path) for path in raw.glob("*/appmetrica_sessions.csv.gz")])
    assert 0.001 < raw_rows.duplicated().mean() < 0.01
    received = raw_rows["session_start_receive_timestamp"].astype(int)
    began = pd.to_numeric(raw_rows["session_start_timestamp"], errors="coerce")
    assert 0.01 < (received - began >= DAY).mean() < 0.03
    events = table(raw, "appmetrica_events.csv.gz")
    assert {"1970", "2106"} <= set(events["event_datetime"].str[:4])
    assert "title_open" not in set(events["event_name"])
    assert (events["profile_id"] == "").any()
    for cell in events["event_json"].head(200):
        assert isinstance(json.loads(cell), dict)


def test_exports_contain_the_tracking_outage_and_the_renamed_event(year: Path):
    names = ("appmetrica_sessions.csv.gz", "session_start_datetime"), ("metrica_hits.tsv.gz", "ym:pv:dateTime")
    for file, column in names:
        days = set(table(year, file)[column].str[:10])
        assert not {"2026-01-20", "2026-01-21", "2026-01-22"} & days
        assert {"2026-01-19", "2026-01-23"} <= days
    events = table(year, "appmetrica_events.csv.gz", "event_timestamp")
    events = events[events["event_datetime"].str[:4].isin(["2025", "2026"])]
    assert events[events["event_name"] == "title_open"]["event_datetime"].max() < "2026-03-01"
    assert events[events["event_name"] == "title_card_open"]["event_datetime"].min() >= "2026-03-01"


def test_the_catalogue_announces_titles_before_their_release(raw: Path):
    titles = [json.loads(line) for line in (raw / "2026-10-01" / "catalogue.jsonl").read_text().splitlines()]
    assert all(len(title["_id"]["$oid"]) == 24 for title in titles)
    assert all(title["announced"]["$date"] < title["released"]["$date"] for title in titles)
    assert any(title["released"]["$date"] > "2026-10-01" for title in titles)
    assert {title["finale"] is None for title in titles} == {True, False}
    played = pq.read_table(raw / "2026-10-01" / "player.parquet")["title_id"].to_pylist()
    assert {title_id.decode() for title_id in played} <= {title["_id"]["$oid"] for title in titles}


def test_the_truth_is_marked_and_its_statistics_lie_in_the_design_ranges(
    truth: Path, sample: tuple[Path, Path, dict[str, int]]
):
    assert (truth / "TRUTH").read_bytes() == b""
    design_ranges = json.loads((truth / "promises.json").read_text())
    for name in ("late_share", "duplicate_share", "unresolved_browser_share"):
        assert design_ranges[name]["low"] <= design_ranges[name]["actual"] <= design_ranges[name]["high"], name
    assert set(pq.read_schema(truth / "contacts.parquet").names) >= {
        "contact_id", "campaign_id", "user_id", "group", "action", "probability", "p_control", "p_email_none_1",
        "y_control", "y_email_none_1",
    }  # fmt: skip
    states = pq.read_table(truth / "states.parquet").to_pandas()
    assert states.columns.tolist() == [
        "as_of", "user_id", "population", "probability", "left", "already_cancelled", "reachable",
        "log_odds_observable", "log_odds_hidden", "how",
    ]  # fmt: skip
    assert states["probability"].between(0, 1).all()
    assert states[states["as_of"] >= date(2026, 9, 1)]["left"].isna().all()


def test_text_columns_have_the_formats_of_the_exporting_systems():
    at = np.array([0, moment(date(2026, 3, 1)) + 43_205])
    assert iso_time(at).to_pylist() == ["", "2026-03-01T12:00:05+03:00"]
    assert utc_time(at[1:]).to_pylist() == ["2026-03-01T09:00:05Z"]
    ids = np.array([2**64 - 1, 5], dtype=np.uint64)
    assert hexadecimal(ids).to_pylist() == ["f" * 16, "0" * 15 + "5"]
    assert hexadecimal(ids, ids).to_pylist() == ["f" * 24, "0" * 15 + "5" + "00000005"]
    assert fill_template("a%b%", pa.array(["1"]), pa.array(["2"])).to_pylist() == ["a1b2"]
    assert delimited_text({"x": pa.array(["1", "3"]), "y": pa.array(["2", ""])}, ",") == b"x,y\n1,2\n3,\n"
    assert delimited_text({"x": pa.array([], pa.string())}, ",") == b"x\n"
