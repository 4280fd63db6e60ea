"""Raw exports of a project: simulated ones, and their way into the lake."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jobs.runtime.context import Context
from jobs.runtime.privacy.erased_people import read_erased
from lake import Ingested, Source, count_anomalies
from lake import ingest as ingest_source
from lake.erasure.people import ErasedPeople
from projects.simulation import SimulationParameters, simulate_exports
from stack import bucket

#: sources ingested in parallel: a small source spends most of its time waiting for Spark's driver.
PARALLEL_SOURCES = 3


def write_sample(context: Context, parameters: SimulationParameters, raw: str) -> dict[str, int]:
    """Write simulated exports to the project's folder, another folder or a bucket; file name -> number of rows."""
    folder = context.sampled if raw == "declared" or bucket.is_url(raw) else Path(raw)
    rows = simulate_exports(context.project, folder, context.truth, parameters, context.say)
    if bucket.is_url(raw):
        context.say(f"sample · {bucket.upload(context.settings, folder, raw):,} objects uploaded to {raw}")
    return rows


def ensure_exports(context: Context) -> None:
    """Write simulated exports with the default parameters if the project has a simulator and no exports; no service."""
    if context.project.simulate is not None and not context.raw.exists():
        simulate_exports(context.project, context.sampled, context.truth, SimulationParameters(), context.say)


def ingest_exports(context: Context, raw: str) -> list[Ingested]:
    """Ingest the raw exports of every source, and print anomalies if a new file was ingested."""
    folder, erased = _local_folder(context, raw), read_erased(context)
    with ThreadPoolExecutor(PARALLEL_SOURCES) as threads:
        running = [threads.submit(_ingest, context, source, folder, erased) for source in context.project.sources]
    ingested = [future.result() for future in running]
    if any(source.taken for source in ingested):
        _print_anomalies(context)
    if lag := context.snapshots.lag:
        context.say(f"ingest · {lag}")
    return ingested


def _local_folder(context: Context, raw: str) -> Path:
    """The folder of the exports; objects of a bucket are copied to the lake first."""
    if not bucket.is_url(raw):
        return context.raw if raw == "declared" else Path(raw)
    folder = context.mirror
    count = bucket.mirror(context.settings, raw, folder)
    context.say(f"ingest · {count:,} objects loaded from {raw}")
    return folder


def _ingest(context: Context, source: Source, folder: Path, erased: ErasedPeople | None) -> Ingested:
    ingested = ingest_source(
        context.ingest_engine, source, folder, context.table(source.name), time_zone=context.project.time_zone,
        erased=erased,
    )  # fmt: skip
    manifest = ingested.manifest
    context.say(
        f"ingest · {source.name}: {manifest.rows_in:,} rows in = {manifest.rows_kept:,} kept + "
        f"{manifest.duplicates:,} duplicates + {manifest.quarantined:,} quarantined "
        f"({f'{ingested.taken} files ingested' if ingested.taken else 'ingested before'})"
        f"{f'; complete before {manifest.coverage.end}' if source.limits_coverage else ''}"
    )
    if manifest.trimmed:
        context.say(f"ingest · {source.name}: {manifest.trimmed:,} rows had invisible characters around a key; removed")
    if ingested.taken:
        for column, names in manifest.absent.items():
            context.say(f"ingest · {source.name}: no document of {len(names)} files (first: {names[0]}) has {column}")
    return ingested


def _print_anomalies(context: Context) -> None:
    for source in context.project.sources:
        if source.identity is None and source.begins is None and source.has_own_time:
            continue
        for anomaly, count in count_anomalies(context.ingest_engine(), context.tables, source).items():
            context.say(f"ingest · {source.name}: {count:,} rows are {anomaly}; kept")
