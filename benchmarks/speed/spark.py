"""The task in handwritten SQL on Spark, directly from the files, in the session of this project."""

from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.speed.forms import SqlDialect, one_grouping, segments, two_levels
from benchmarks.speed.task import THREADS, Contender, Task
from stack.engines import spark_session
from stack.settings import Settings

DIALECT = SqlDialect("log", "`at`", "unix_micros", "div", "timestamp")


def contenders(task: Task, scratch: Path) -> tuple[Contender, ...]:
    """Every form of the SQL in one session; results are computed but not written."""
    return (
        _contender("Spark by hand, by segment of time", task, scratch, segments(task, DIALECT)),
        _contender("Spark by hand, one grouping with bitmaps", task, scratch, one_grouping(task, DIALECT)),
        _contender("Spark by hand, plain two levels", task, scratch, two_levels(task, DIALECT)),
    )


def settings(scratch: Path) -> Settings:
    """Settings with the same number of threads as other contenders, and state in the scratch folder."""
    return Settings(state=scratch / "state", lake=scratch / "lake", spark_master=f"local[{THREADS}]")


def session(scratch: Path) -> SparkSession:
    """The Spark session that all contenders share."""
    return spark_session.session(settings(scratch), "UTC")


def _contender(name: str, task: Task, scratch: Path, sql: str) -> Contender:
    spark = session(scratch)
    return Contender(
        name,
        prepare=lambda: spark.read.parquet(str(task.log)).createOrReplaceTempView(DIALECT.log),
        run=lambda: spark.sql(sql).write.format("noop").mode("overwrite").save(),
        result=lambda target: spark.sql(sql).write.parquet(str(target)),
    )
