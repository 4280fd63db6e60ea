"""`mlflow run . -e ingest`: raw exports to the lake."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import RawLocation
from jobs.runtime.run_log import step
from lake import Ingested, Source, count_anomalies
from lake import ingest as take
from stack import bucket

#: sources taken side by side: most of a small one's time is spent waiting for the driver.
AT_ONCE = 3


def ingest(context: Context, raw: RawLocation = "declared") -> list[Ingested]:
    """Take the raw exports of every source into the lake; what was taken before is not taken again."""
    project = context.project
    with step(context, "ingest", {"raw": raw}) as record:
        folder = _folder(context, raw)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            running = [threads.submit(_take, context, source, folder) for source in project.sources]
        done = [one.result() for one in running]
        if any(one.taken for one in done):
            _tell_surprises(context)
        record.inputs = {one.source: {name: file.content for name, file in one.manifest.files.items()} for one in done}
        record.rows_in = sum(one.manifest.rows_in for one in done)
        record.rows_out = sum(one.manifest.rows_kept for one in done)
        record.quarantined = sum(one.manifest.quarantined for one in done)
    return done


def _folder(context: Context, raw: str) -> Path:
    if not bucket.is_url(raw):
        return context.raw if raw == "declared" else Path(raw)
    folder = context.settings.lake / context.project.name / "mirror"
    loaded = bucket.mirror(context.settings, raw, folder)
    context.say(f"ingest · {loaded:,} objects loaded from {raw}")
    return folder


def _take(context: Context, source: Source, folder: Path) -> Ingested:
    one = take(context.spark, source, folder, context.table(source.name), time_zone=context.project.time_zone)
    m = one.manifest
    context.say(
        f"ingest · {source.name}: {m.rows_in:,} rows in = {m.rows_kept:,} kept + {m.duplicates:,} duplicates "
        f"+ {m.quarantined:,} quarantined ({f'{one.taken} files taken' if one.taken else 'taken before'})"
    )
    if m.trimmed:
        context.say(f"ingest · {source.name}: {m.trimmed:,} rows had invisible characters around a key; removed")
    return one


def _tell_surprises(context: Context) -> None:
    for source in context.project.sources:
        if source.identity is None and source.begins is None:
            continue
        for what, count in count_anomalies(context.spark(), context.tables, source).items():
            context.say(f"ingest · {source.name}: {count:,} rows are {what}; kept")


if __name__ == "__main__":
    sys.exit(run(ingest))
