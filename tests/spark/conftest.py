"""One Spark session for all tests: local, two threads, no service beside it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from features import DuckEngine, Engine, SparkEngine
from lake import Ingested, Source, Table, ingest
from stack.engines.spark_session import session
from stack.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


#: what a person who runs a step has in the environment, and Spark must not be given.
SECRETS = ("DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_PASSWORD", "ANY_OTHER_TOKEN")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test of both engines runs on Spark in `make test-slow`; one that is marked so, in `make test` too.

    DuckDB reads raw files for both, and both compute the same SQL: few claims are about Spark itself.
    """
    for item in items:
        parameters = getattr(item, "callspec", None)
        is_on_spark = parameters is not None and parameters.params.get("engine") == "spark"
        if is_on_spark and item.get_closest_marker("on_spark_too") is None:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator["SparkSession"]:
    """The session as a step starts it, in UTC."""
    state = tmp_path_factory.mktemp("state")
    settings = Settings(state=state, lake=state / "lake", spark_master="local[2]", driver_memory="1g")
    with pytest.MonkeyPatch.context() as patch:
        for name in SECRETS:
            patch.setenv(name, "secret")
        started = session(settings, "UTC", shuffle_partitions=2)
    started.sparkContext.setLogLevel("OFF")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def in_zone(spark: "SparkSession") -> "Callable[[str], object]":
    """`with in_zone(name):` cuts days in that time zone, as a project of that zone would."""

    @contextmanager
    def changed(name: str) -> Iterator[None]:
        before = spark.conf.get("spark.sql.session.timeZone")
        spark.conf.set("spark.sql.session.timeZone", name)
        try:
            yield
        finally:
            spark.conf.set("spark.sql.session.timeZone", before)

    return changed


@pytest.fixture(scope="session", params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn, in UTC: DuckDB with two processes, as the session has two threads."""
    if request.param == "duckdb":
        return DuckEngine("UTC", threads=2)
    return SparkEngine(request.getfixturevalue("spark"))


@pytest.fixture(scope="session")
def ingest_source(engine: Engine) -> Callable[[Source, Path, Path], Ingested]:
    """Ingest the raw folder into the lake's project `shop`."""

    def taken(source: Source, raw: Path, lake: Path) -> Ingested:
        table = Table(lake, "shop", source.name)
        done = ingest(lambda: engine, source, raw, table)
        table.remove_outdated()  # as a step does, where nobody else reads
        return done

    return taken
