"""The plan on Spark."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stack.engines.engine import Result, Task
from stack.engines.paths import spark_path

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SparkEngine:
    """Runs SQL in a Spark session, whose time zone is the project's."""

    name = "spark"

    def __init__(self, spark: "SparkSession") -> None:
        self._spark = spark

    def show_files(self, view: str, files: Sequence[Path]) -> None:
        """Make Parquet files a view."""
        self._spark.read.parquet(*map(spark_path, files)).createOrReplaceTempView(view)

    def show(self, view: str, sql: str) -> None:
        """Make a query a view."""
        self._spark.sql(sql).createOrReplaceTempView(view)

    def keep(self, view: str, sql: str) -> None:
        """Make a query a view that is computed once."""
        # Not `persist`: Spark does not find a query with common table expressions in its cache again.
        self._spark.sql(sql).localCheckpoint().createOrReplaceTempView(view)

    def drop(self, view: str) -> None:
        """Forget a view."""
        self._spark.catalog.dropTempView(view)

    @property
    def parallelism(self) -> int:
        """The number of tasks that run at the same time."""
        return self._spark.sparkContext.defaultParallelism

    def run_tasks(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
        """The results of a function for each task, on the workers; they need its libraries, but not this project."""
        from pyspark import cloudpickle

        for package in {"stack", function.__module__.partition(".")[0]}:
            cloudpickle.register_pickle_by_value(sys.modules[package])  # type: ignore[no-untyped-call]
        numbers = self._spark.sparkContext.parallelize(range(len(tasks)), len(tasks))
        # The tasks go along with the function: what is given to `parallelize` is not pickled by value.
        return numbers.map(lambda number: function(tasks[number])).collect()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a small query."""
        return [tuple(row) for row in self._spark.sql(sql).collect()]

    def columns(self, view: str) -> list[str]:
        """The columns of a view."""
        return self._spark.table(view).columns

    def problem(self, view: str, condition: str) -> str | None:
        """What is wrong with a condition over a view's columns; None if nothing is."""
        from pyspark.errors import AnalysisException, ParseException

        try:
            self._spark.table(view).where(condition)
        except (AnalysisException, ParseException) as error:
            lines = [line for line in str(error).splitlines() if line.strip()]
            return lines[0].split(". ")[0] if lines else "it cannot be read"
        return None

    def write(self, sql: str, folder: Path, by: str, order: str | None = None) -> None:
        """Write a query as Parquet, a folder `<by>=<value>` each, its rows ordered if a column is given."""
        frame = self._spark.sql(sql)
        if order is not None:
            frame = frame.repartition(by).sortWithinPartitions(by, order)
        frame.write.partitionBy(by).parquet(str(folder))

    def save(self, sql: str, folder: Path) -> None:
        """Write a query as Parquet."""
        self._spark.sql(sql).write.parquet(str(folder))

    def write_none(self, sql: str, folder: Path, without: str) -> None:
        """Write the columns of a query, without one of them, and no row."""
        schema = self._spark.sql(sql).drop(without).schema
        self._spark.createDataFrame([], schema).write.parquet(str(folder))
