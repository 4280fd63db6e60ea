"""Files to one batch: every row typed or with its reason, kept as Parquet, and counted."""

import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lake.ingestion.parsing import UNREADABLE, check, read
from lake.ingestion.quarantine import located
from lake.ingestion.raw_files import RawFile, RawFileError
from lake.ingestion.reader import BLANK, HEADER
from lake.ingestion.validation import validate
from lake.source import MONTH, Source
from lake.table import IngestedFile, Table
from stack.engines.paths import spark_path
from stack.errors import PrichalError
from stack.folders.atomic import fresh_partial, publish_directory
from stack.folders.checked_folder import seal

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class QuarantineError(PrichalError):
    """More rows are unusable than the source allows."""


@dataclass
class _Count:
    """Rows of one file."""

    rows: int = 0
    unusable: int = 0
    trimmed: int = 0
    months: dict[str, int] = field(default_factory=dict)


def stage(
    spark: "Callable[[], SparkSession]",
    source: Source,
    files: Sequence[RawFile],
    table: Table,
    batch: str,
    today: date,
) -> dict[str, IngestedFile]:
    """Write the rows of these files as the batch, and what cannot be used to quarantine.

    Raises:
        RawFileError: a file is damaged, changed while it was read, or all of them hold no row.
        QuarantineError: more rows are unusable than the source allows; the quarantine holds them.
    """
    for file in files:
        check(source, file)
    partial = fresh_partial(table.folder / "batch-made")
    _write(validate(read(spark(), source, files), source, [file.drop or today for file in files]), partial, files)
    for file in files:
        file.check_unchanged()
    table.batch(batch).parent.mkdir(parents=True, exist_ok=True)
    seal(partial)
    publish_directory(partial, table.batch(batch))
    staged = spark().read.parquet(spark_path(table.batch(batch)))
    counts = _count(staged)
    quarantine = table.quarantine / batch
    _write_quarantine(staged, files, counts, quarantine, source)
    _check_quarantined_share(source, counts, staged, quarantine)
    return {
        file.name: IngestedFile(
            content=file.content, batch=batch, place=place, drop=str(file.drop) if file.drop else None,
            rows_in=counts[place].rows, quarantined=counts[place].unusable, months=counts[place].months,
            trimmed=counts[place].trimmed,
        )
        for place, file in enumerate(files)
    }  # fmt: skip


def _write(validated: "DataFrame", partial: Path, files: Sequence[RawFile]) -> None:
    """Write the batch; where Spark cannot read a file, say which."""
    try:
        validated.write.parquet(str(partial))
    except Exception as error:
        for file in files:
            file.check_unchanged()
        unreadable = re.search(rf"{UNREADABLE} (\d+) \(([^\n]*)\)", str(error))
        if unreadable is None:
            raise
        name = files[int(unreadable[1])].name
        raise RawFileError(
            f"{name} cannot be read to its end ({unreadable[2]}): it is cut off or damaged; export it again."
        ) from error


def _count(staged: "DataFrame") -> dict[int, _Count]:
    from pyspark.sql import functions as F  # noqa: N812

    kind = F.when(F.col("_reason") == BLANK, F.col("_reason"))
    groups = staged.groupBy("_file", MONTH, kind.alias("kind"), F.isnotnull("_reason").alias("bad"))
    groups_counted = groups.agg(F.count("*").alias("count"), F.count_if("_trimmed").alias("trimmed")).collect()
    counts: dict[int, _Count] = defaultdict(_Count)
    for row in groups_counted:
        count = counts[row["_file"]]
        if row["kind"] is None:
            count.rows += row["count"]
            count.trimmed += row["trimmed"]
            if row["bad"]:
                count.unusable += row["count"]
            else:
                count.months[row[MONTH]] = row["count"]
    return counts


def _write_quarantine(
    staged: "DataFrame", files: Sequence[RawFile], counts: dict[int, _Count], target: Path, source: Source
) -> None:
    """Write what cannot be used; a header is such a row where it is there again."""
    from pyspark.sql import functions as F  # noqa: N812

    shutil.rmtree(target, ignore_errors=True)
    if not any(count.unusable for count in counts.values()):
        return
    bad = staged.where(F.col("_reason").isNotNull() & (F.col("_reason") != BLANK))
    rows = located(bad, {place: file.name for place, file in enumerate(files)}, source)
    reason = F.when(F.col("_reason") == HEADER, F.lit("the header again")).otherwise(F.col("_reason"))
    rows.select("file", "position", F.col("_raw").alias("raw"), reason.alias("reason")).coalesce(1).write.parquet(
        str(target)
    )


def _check_quarantined_share(source: Source, counts: dict[int, _Count], staged: "DataFrame", aside: Path) -> None:
    rows_in = sum(count.rows for count in counts.values())
    quarantined = sum(count.unusable for count in counts.values())
    if rows_in == 0:
        return
    share = quarantined / rows_in
    if share <= source.max_quarantined and (quarantined < rows_in):
        return
    first = staged.where(staged["_reason"] != BLANK).select("_reason").first()
    raise QuarantineError(
        f"Source {source.name}: {quarantined} of {rows_in} rows ({share:.1%}) cannot be used, at most "
        f"{source.max_quarantined:.1%} may; the first says «{first[0] if first else ''}». "
        f"The rows and their reasons are in "
        f"{aside}; mend the export, or raise max_quarantined of the source. The table was left as it was."
    )
