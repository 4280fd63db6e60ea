"""Publishing: every member of the snapshot once, the old day or the new day, and nothing left by a killed process."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest

from serving import Mart, PopulationScores, ScoreFiles, publish, published_dates, published_scores
from serving.publish import BATCH_ROWS, PublishError
from stack import postgres
from stack.folders.atomic import sha256_of_files
from stack.postgres import connect
from stack.process import Records, Started, stop
from stack.schema import migrate
from tests.end_to_end.conftest import ROOT, Clone
from tests.unit.builders import is_one_sentence

DAY = date(2026, 3, 1)


@pytest.fixture
def mart() -> Mart:
    return Mart(f"keys_{uuid.uuid4().hex[:8]}", "user_id", "text")


def scores_of(
    folder: Path, keys: list[Any], expected: int, population: str = "paid", version: str = "1", probability: Any = 0.5
) -> PopulationScores:
    """Scores of entities with these keys."""
    rows = pd.DataFrame({"user_id": pd.Series(keys, dtype="string"), "churn_probability": probability})
    for place in (1, 2, 3):
        rows[f"reason_{place}"] = pd.Series([None] * len(rows), dtype="string")
    target = folder / population
    target.mkdir(exist_ok=True)
    rows.to_parquet(target / "part.parquet")
    files = ScoreFiles(target, len(rows), 0.0, sha256_of_files(target, "*.parquet"))
    return PopulationScores(population, files, "shop_churn", version, DAY + timedelta(32), expected)


FAULTS: dict[str, tuple[list[Any], int, str]] = {
    "fewer rows than members": (["a", "b"], 10, "2 rows of population paid were scored, but its snapshot has 10"),
    "more rows than members": (["a", "b", "c"], 2, "3 rows of population paid were scored, but its snapshot has 2"),
    "an empty key": (["a", None], 2, "A user_id of population paid is empty"),
    "a key of no characters": (["a", ""], 2, "A user_id of population paid is empty"),
    "a key twice": (["a", "b", "a"], 3, "A user_id occurs twice in population paid"),
    "a key with NUL": (["a", "b\0c"], 2, "A user_id of population paid holds a NUL character"),
    "a key of 700 emoji": (["a", "😀" * 700], 2, "A user_id of population paid is longer than 2,600 bytes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_scores_are_one_sentence_and_the_mart_keeps_its_rows(
    fault: str, clone: Clone, mart: Mart, tmp_path: Path
) -> None:
    keys, expected, words = FAULTS[fault]
    assert publish(clone.url, mart, DAY, [scores_of(tmp_path, ["x", "y"], 2)]) == 2
    with pytest.raises(PublishError, match=words) as caught:
        publish(clone.url, mart, DAY, [scores_of(tmp_path, keys, expected)])
    assert is_one_sentence(caught.value)
    assert sorted(published_scores(clone.url, mart, DAY)["user_id"]) == ["x", "y"]


def test_an_entity_in_two_populations_is_an_error(clone: Clone, mart: Mart, tmp_path: Path) -> None:
    parts = [scores_of(tmp_path, ["a"], 1), scores_of(tmp_path, ["a"], 1, "trial")]
    with pytest.raises(PublishError, match="A user_id is in two populations"):
        publish(clone.url, mart, DAY, parts)


@pytest.mark.parametrize("probability", [float("nan"), None, -0.1, 1.1, float("inf")])
def test_a_probability_that_is_none_is_a_sentence(
    probability: float | None, clone: Clone, mart: Mart, tmp_path: Path
) -> None:
    scores = scores_of(tmp_path, ["a", "b"], 2, probability=pd.Series([0.5, probability], dtype="float64"))
    with pytest.raises(PublishError, match="1 rows of population paid have no probability from 0 to 1") as caught:
        publish(clone.url, mart, DAY, [scores])
    assert is_one_sentence(caught.value)
    assert tables_of(clone, mart) == []


def test_keys_of_people_with_strange_names_are_published_as_they_are(clone: Clone, mart: Mart, tmp_path: Path) -> None:
    keys = ["o'brien", 'say "hi"', "😀 emoji", "ё" * 500, "tab\tand\nline", "\\N", "null", "-1", " ", "a;drop table x"]
    probability = [place / 20 for place in range(10)]
    for _ in range(2):  # the first rows of a day go another way than later ones
        publish(clone.url, mart, DAY, [scores_of(tmp_path, keys, 10, probability=probability)])
        rows = clone.rows(f"select user_id, risk_decile, churn_probability from mart.{mart.table} order by 2")
        assert rows == [(key, place + 1, place / 20) for place, key in enumerate(keys)]


def test_a_population_of_nobody_is_published_beside_others_but_not_by_itself(
    clone: Clone, mart: Mart, tmp_path: Path
) -> None:
    nobody = scores_of(tmp_path, [], 0, "trial")
    with pytest.raises(PublishError, match="No row was scored on 2026-03-01: nothing was published"):
        publish(clone.url, mart, DAY, [nobody])
    assert tables_of(clone, mart) == []
    assert publish(clone.url, mart, DAY, [scores_of(tmp_path, ["a"], 1), nobody]) == 1


def test_a_newer_version_replaces_the_whole_day_and_no_other_day(clone: Clone, mart: Mart, tmp_path: Path) -> None:
    publish(clone.url, mart, DAY, [scores_of(tmp_path, ["a", "b"], 2)])
    publish(clone.url, mart, DAY + timedelta(1), [scores_of(tmp_path, ["a", "b"], 2)])
    with connect(clone.url, role="prichal_writer") as connection:
        connection.execute("select mart.create_actions(%s, %s, 'user_id', 'text')", [mart.actions_table, mart.table])
        connection.execute(f"update mart.{mart.table} set recommended_channel = 'sms'")  # type: ignore[call-overload]
    publish(clone.url, mart, DAY, [scores_of(tmp_path, ["b", "c"], 2, version="2")])
    rows = clone.rows(
        f"select score_date, user_id, model_version, recommended_channel from mart.{mart.table} order by 1, 2"
    )
    assert rows == [
        (DAY, "b", "2", None), (DAY, "c", "2", None),
        (DAY + timedelta(1), "a", "1", "sms"), (DAY + timedelta(1), "b", "1", "sms"),
    ]  # fmt: skip


def test_the_number_of_rows_is_recorded_with_them(clone: Clone, mart: Mart, tmp_path: Path) -> None:
    run_id = uuid.uuid4().hex
    insert = "insert into ops.runs (run_id, project, step, parameters) values (%s, 'shop', 'score', '{}')"
    with connect(clone.url, role="prichal_writer") as connection:
        connection.execute(insert, [run_id])
    publish(clone.url, mart, DAY, [scores_of(tmp_path, ["a", "b"], 2)], run_id)
    recorded = "select rows_out, (select distinct scored_at from mart.{}) > started_at from ops.runs where run_id = %s"
    assert clone.rows(recorded.format(mart.table), run_id) == [(2, True)]
    with connect(clone.owner_url) as connection:
        connection.execute("delete from ops.runs where run_id = %s", [run_id])


def test_a_day_has_an_index_for_the_riskiest_people_and_for_one_person(
    clone: Clone, mart: Mart, tmp_path: Path
) -> None:
    count = 20_000
    keys, probability = [f"u{place}" for place in range(count)], [place / count for place in range(count)]
    publish(clone.url, mart, DAY, [scores_of(tmp_path, keys, count, probability=probability)])
    with psycopg.connect(clone.owner_url) as connection:
        connection.execute(f"analyze mart.{mart.table}")  # type: ignore[call-overload]
        view, table = f"mart.{mart.table}_current", f"mart.{mart.table} where score_date = '{DAY}'"
        for question in (
            f"{view} where churn_probability > 0.999",
            f"{view} where user_id = 'u77'",
            f"{table} order by churn_probability desc limit 100",
        ):
            plan = connection.execute(f"explain select * from {question}").fetchall()  # type: ignore[call-overload]
            assert "Seq Scan" not in str(plan), plan


class DayReader(threading.Thread):
    """Reads the day again and again, and remembers every state that it sees."""

    def __init__(self, url: str, mart: Mart) -> None:
        super().__init__(daemon=True)
        self.states, self.ended = set[tuple[Any, ...]](), threading.Event()
        self._connection = psycopg.connect(url, autocommit=True)
        self._query = f"select count(*), min(model_version), max(model_version) from mart.{mart.table}_current"

    def run(self) -> None:
        # No reader waits this long for a lock: the query would fail, and the test with it.
        self._connection.execute("set lock_timeout = '100ms'")
        while not self.ended.is_set():
            self.states.add(self._connection.execute(self._query).fetchone() or ())  # type: ignore[call-overload]


def test_two_at_once_are_published_after_each_other_and_a_reader_sees_whole_days(
    clone: Clone, mart: Mart, tmp_path: Path
) -> None:
    count = 2 * BATCH_ROWS
    keys = [f"u{place}" for place in range(count)]
    mart.create(clone.url)
    reader = DayReader(clone.url, mart)
    reader.start()
    parts = {version: tmp_path / version for version in ("1", "2")}
    for folder in parts.values():
        folder.mkdir()
    scores = [scores_of(folder, keys, count, version=version) for version, folder in parts.items()]
    with ThreadPoolExecutor(2) as executor:
        done = list(executor.map(lambda part: publish(clone.url, mart, DAY, [part]), scores))
    reader.ended.set()
    reader.join()
    assert done == [count, count]
    assert reader.states <= {(0, None, None), (count, "1", "1"), (count, "2", "2")}
    assert len(tables_of(clone, mart)) == 1


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
import psycopg
import importlib
from serving import Mart, PopulationScores, ScoreFiles
from stack.folders.atomic import sha256_of_files

module = importlib.import_module("serving.publish")
point, url, table, folder, rows = sys.argv[1:]
def die():
    os.kill(os.getpid(), signal.SIGKILL)
def dying(owner, name):
    call = getattr(owner, name)
    def killed(*args, **options):
        call(*args, **options)
        die()
    setattr(owner, name, killed)
if point == "create":
    dying(Mart, "create")
elif point in ("_begin_day", "_copy"):
    dying(module, point)
elif point.startswith("block"):
    blocks, write = [], psycopg.Copy.write
    def counted(self, block):
        write(self, block)
        blocks.append(block)
        if len(blocks) == 1 + int(point.split()[1]):
            die()
    psycopg.Copy.write = counted
else:
    words = {"attach": "select mart.attach_day", "record": "update ops.runs"}[point]
    execute = psycopg.Connection.execute
    def executed(self, query, *args, **options):
        done = execute(self, query, *args, **options)
        if isinstance(query, str) and query.startswith(words):
            die()
        return done
    psycopg.Connection.execute = executed
files = ScoreFiles(Path(folder), int(rows), 0.0, sha256_of_files(Path(folder), "*.parquet"))
part = PopulationScores("paid", files, "shop_churn", "2", date(2026, 4, 2), int(rows))
module.publish(url, Mart(table, "user_id", "text"), date(2026, 3, 1), [part])
"""


#: where a publication is killed: after a call, or after a number of blocks of rows.
POINTS = ("create", "_begin_day", "block 1", "block 2", "_copy", "attach", "record")
CASES = [pytest.param(point, False, id=f"{point}, first rows") for point in POINTS] + [
    pytest.param(point, True, id=f"{point}, rows again", marks=[] if point == "block 2" else pytest.mark.slow)
    for point in POINTS
    if point != "attach"
]


@pytest.mark.parametrize(("point", "replaces"), CASES)
def test_a_killed_publication_leaves_nothing_and_can_be_repeated(
    point: str, replaces: bool, clone: Clone, mart: Mart, tmp_path: Path
) -> None:
    count = 2 * BATCH_ROWS
    scores = scores_of(tmp_path, [f"u{place}" for place in range(count)], count, version="2")
    if replaces:
        (tmp_path / "old").mkdir()
        publish(clone.url, mart, DAY, [scores_of(tmp_path / "old", ["a"], 1)])
    before = state_of(clone, mart)
    command = [sys.executable, "-c", KILLED, point, clone.url, mart.table, str(scores.files.folder), str(count)]
    done = subprocess.run(command, cwd=ROOT, env=clone.environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    wait_until(lambda: not clone.rows(RUNNING, f"%{mart.table}%"))
    assert state_of(clone, mart) == before, "the killed publication changed the mart"
    assert publish(clone.url, mart, DAY, [scores]) == count
    assert state_of(clone, mart) == (["_20260301"], [("2", count)])


#: sessions of killed processes that PostgreSQL has not ended yet.
RUNNING = "select pid from pg_stat_activity where state <> 'idle' and query like %s and pid <> pg_backend_pid()"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def tables_of(clone: Clone, mart: Mart) -> list[str]:
    """What a mart has beside its table and its view: the ends of their names."""
    query = "select substr(relname, %s) from pg_class where relname ~ %s and relkind = 'r' order by 1"
    return [str(name) for (name,) in clone.rows(query, len(mart.table) + 1, f"^{mart.table}_")]


def state_of(clone: Clone, mart: Mart) -> tuple[list[str], list[tuple[object, ...]]]:
    """Tables of days, and the number of rows by version."""
    is_there = clone.rows("select to_regclass(%s) is not null", f"mart.{mart.table}") == [(True,)]
    query = f"select model_version, count(*) from mart.{mart.table} group by 1 order by 1"
    return tables_of(clone, mart), clone.rows(query) if is_there else []


@pytest.fixture
def server() -> Iterator[tuple[str, Callable[[], None]]]:
    """URL of a PostgreSQL of this test's own, and a function that restarts it at once, as after a crash."""
    passwords = dict.fromkeys(("postgres", "prichal", "steps", "mlflow"), "secret")
    with tempfile.TemporaryDirectory(prefix="prichal-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)

        def start() -> Started:
            return postgres.start(folder / "postgres", Records(folder), None, passwords)

        def restart() -> None:
            os.kill(start().pid, signal.SIGQUIT)
            wait_until(lambda: not (folder / "postgres" / "data" / "postmaster.pid").exists())
            start()

        port = start().ports["sql"]
        migrate(postgres.url("prichal", "secret", port, "prichal"))
        yield postgres.url(postgres.STEPS_LOGIN, "secret", port, "prichal"), restart
        stop(start())


def test_postgresql_restarts_in_the_middle_of_a_copy(
    server: tuple[str, Callable[[], None]], mart: Mart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, restart = server
    count = 2 * BATCH_ROWS
    scores = scores_of(tmp_path, [f"u{place}" for place in range(count)], count)
    write, blocks = psycopg.Copy.write, []

    def restarting(copy: Any, block: Any) -> None:
        write(copy, block)
        blocks.append(block)
        if len(blocks) == 2:
            restart()

    monkeypatch.setattr(psycopg.Copy, "write", restarting)
    with pytest.raises(psycopg.OperationalError):
        publish(url, mart, DAY, [scores])
    monkeypatch.undo()
    assert published_dates(url, mart) == []
    for _ in range(2):
        assert publish(url, mart, DAY, [scores]) == count
    assert published_dates(url, mart) == [DAY]
