"""The task by hand on Spark, straight from the files, in the session that the platform itself makes."""

from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.speed.forms import Words, one_grouping, segments, two_levels
from benchmarks.speed.task import THREADS, Contender, Task
from stack.engines import spark_session
from stack.settings import Settings

WORDS = Words("log", "`at`", "unix_micros", "div", "timestamp")


def contenders(task: Task, scratch: Path) -> tuple[Contender, ...]:
    """Every form, in one session; the numbers are made and thrown away, nothing is written."""
    return (
        _contender("Spark by hand, by segment of time", task, scratch, segments(task, WORDS)),
        _contender("Spark by hand, one grouping with bitmaps", task, scratch, one_grouping(task, WORDS)),
        _contender("Spark by hand, plain two levels", task, scratch, two_levels(task, WORDS)),
    )


def settings(scratch: Path) -> Settings:
    """As many threads as the others have, and a state that goes with the scratch folder."""
    return Settings(state=scratch / "state", lake=scratch / "lake", spark_master=f"local[{THREADS}]")


def session(scratch: Path) -> SparkSession:
    """The session of all contenders on Spark."""
    return spark_session.session(settings(scratch), "UTC")


def _contender(name: str, task: Task, scratch: Path, sql: str) -> Contender:
    own = session(scratch)
    return Contender(
        name,
        prepare=lambda: own.read.parquet(str(task.log)).createOrReplaceTempView(WORDS.log),
        run=lambda: own.sql(sql).write.format("noop").mode("overwrite").save(),
        result=lambda target: own.sql(sql).write.parquet(str(target)),
    )
