"""The task as feature declarations of this project, and its plan on both engines."""

from functools import partial
from pathlib import Path

from benchmarks.speed.spark import session
from benchmarks.speed.task import FINISHED, FIRST_DAY, NAMES, THREADS, WINDOWS, Contender, Task
from features import DuckEngine, Engine, Feature, Grid, SparkEngine, snapshot_sql
from lake import Column, Source, base, view_sql

EVENTS = Source(
    name="events",
    files="events-*.parquet",
    format="parquet",
    entity="user_id",
    event_time="at",
    known_time="known",
    columns=(
        Column("user_id", "bigint", "the user"),
        Column("at", "timestamp", "when it happened"),
        Column("known", "timestamp", "when it reached us"),
        Column("minutes", "double", "how long it took", lowest=0),
        Column("kind", "string", "what was done"),
    ),
)

NEVER = "never null: none is 0"
REASON = "How the service is used"
WHERE, WHAT = f"kind = '{FINISHED}'", "finished"


def _window(days: int) -> tuple[Feature, ...]:
    """The six features of one window."""
    last = f"in the last {days} days"
    return (
        Feature("events", "count", "events", NEVER, REASON, f"events {last}", window=days),
        Feature("events", "sum", "minutes", NEVER, REASON, f"minutes {last}", measure="minutes", window=days),
        Feature("events", "active_days", "days", NEVER, REASON, f"days with an event {last}", window=days),
        Feature("events", "count", "plays", NEVER, REASON, f"plays finished {last}", window=days,
                where=WHERE, what=WHAT),
        Feature("events", "mean", "minutes", "no event in that time", REASON, f"minutes of an event {last}",
                measure="minutes", window=days),
        Feature("events", "sum", "minutes", NEVER, REASON, f"minutes of finished plays {last}",
                measure="minutes", window=days, where=WHERE, what=WHAT),
    )  # fmt: skip


FEATURES = (
    *(feature for days in WINDOWS for feature in _window(days)),
    Feature("events", "days_since_last", "days", "never null", REASON, "days since the last event"),
)


def contenders(task: Task, scratch: Path) -> tuple[Contender, ...]:
    """The compiled plan on DuckDB and on Spark."""
    spark = session(scratch)
    duck, sql = (
        DuckEngine("UTC", THREADS),
        snapshot_sql(FEATURES, [EVENTS], "user_id", Grid.of([task.as_of], FIRST_DAY)),
    )
    return (
        Contender(
            "Prichal on DuckDB",
            partial(_show, duck, task),
            partial(duck.keep, "result", sql),
            partial(_save, duck, sql),
        ),
        Contender(
            "Prichal on Spark",
            partial(_show, engine := SparkEngine(spark), task),
            lambda: spark.sql(sql).write.format("noop").mode("overwrite").save(),
            partial(_save, engine, sql),
        ),
    )


def _show(engine: Engine, task: Task) -> None:
    engine.show_files(base(EVENTS), [task.log])
    engine.show(EVENTS.name, view_sql(EVENTS))


def _save(engine: Engine, sql: str, target: Path) -> None:
    engine.save(f"select user_id, {', '.join(NAMES)} from ({sql})", target)
