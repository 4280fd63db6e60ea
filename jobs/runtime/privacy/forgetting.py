"""Remove a person from the lake, the bucket and the database, and keep later ingests from bringing the person back."""

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from features.erasure import current_snapshots, erase_from_features, every_snapshots, rename_snapshots
from jobs.runtime.context import Context
from jobs.runtime.privacy.bucket_erasure import erase_from_bucket, find_mentions
from jobs.runtime.privacy.erased_people import ADMINISTRATOR, read_erased, record_erasure
from jobs.runtime.step_locks import hold_lake
from lake import base
from lake.column import quoted
from lake.erasure.folders import erase_file, erase_folder, recover_replaced
from lake.erasure.people import PERSON, ErasedPeople, login_kind
from lake.erasure.raw_files import erase_raw_file
from lake.erasure.tables import erase_from_table
from stack import services
from stack.postgres import connect


@dataclass(frozen=True)
class Forgotten:
    """The result of an erasure.

    Attributes:
        counts: removed rows by place.
        mentions: artifacts of MLflow that still contain the person.
        is_parameter_hidden: whether the person was removed from the parameters of MLflow's runs.
    """

    counts: dict[str, int]
    mentions: list[str]
    is_parameter_hidden: bool

    def sentences(self) -> list[str]:
        """The counts, and what has to be done by hand."""
        parts = [f"{place} {count:,}" for place, count in self.counts.items() if count]
        lines = [f"removed rows: {', '.join(parts) or 'none'}"]
        if self.mentions:
            lines.append(f"WARNING these artifacts still name the person: {', '.join(self.mentions)}; remove them")
        if not self.is_parameter_hidden:
            lines.append("WARNING MLflow runs elsewhere: delete this run, then run `mlflow gc` on its server")
        return lines


def forget_person(context: Context, person: str, text: str) -> Forgotten:
    """Erase a person. The erasure is recorded first, so that a killed one is completed by the next call.

    Args:
        context: of the step, which excludes all other steps of the project.
        person: the id as the mart stores it.
        text: the id as it was given, as MLflow stores it.

    Raises:
        BusyError: another step reads the lake.
        RawErasureError: a raw file cannot be rewritten.
    """
    with hold_lake(context):
        folder = context.settings.lake / context.project.name
        recover_replaced([folder])
        anonymous_ids, earlier = _anonymous_ids(context, person), read_erased(context)
        # Anonymous ids of an earlier run are only known by their hashes: then every file is parsed.
        is_new = earlier is None or not earlier.has(PERSON, person)
        words = {person, *(text for _, text in anonymous_ids)} if is_new else None
        erased = record_erasure(context, person, anonymous_ids)
        counts: Counter[str] = Counter(erase_from_bucket(context, erased, words))
        before = [current_snapshots(snapshots) for snapshots in every_snapshots(context.snapshots)]
        contents = _erase_raw_files(context, erased, words, counts)
        for source in context.project.sources:
            counts["lake"] += erase_from_table(
                context.ingest_engine(), source, context.table(source.name), erased, contents
            )
        after = context.unpinned_snapshots()
        counts["snapshots"] += erase_from_features(after, erased)
        for paths, snapshots in zip(before, every_snapshots(after), strict=True):
            rename_snapshots(paths, snapshots)
        _erase_other_folders(context, folder, erased, counts)
    counts.update(_erase_in_database(context, person))
    hidden = [services.hide_parameter(context.settings, "user", value) for value in {person, text}]
    return Forgotten(dict(counts), find_mentions(context, person), all(hidden))


def _anonymous_ids(context: Context, person: str) -> set[tuple[str, str]]:
    """Kind and id of each browser or device that the person has logged in on."""
    ids: set[tuple[str, str]] = set()
    for source in context.project.sources:
        if source.identity is None or (links := source.identity.links).name not in context.tables:
            continue
        folders = context.table(links.name).folders() if context.table(links.name).manifest() else []
        if not folders:
            continue
        engine = context.ingest_engine()
        engine.show_files(base(links), folders)
        query = (
            f"select distinct {source.identity.link_id} from {base(links)} "
            f"where cast({links.entity} as string) = {quoted(person)} and {source.identity.where}"
        )
        ids |= {(login_kind(source), str(value)) for (value,) in engine.rows(query) if value is not None}
    return ids


def _erase_raw_files(
    context: Context, erased: ErasedPeople, words: Collection[str] | None, counts: Counter[str]
) -> dict[str, str]:
    """Rewrite raw files below the state; returns the new SHA-256 of the rewritten ones by name.

    Exports elsewhere belong to another system. They are not changed, and ingest leaves the person out.
    """
    contents: dict[str, str] = {}
    for folder in (context.sampled, context.mirror):
        for source in context.project.sources if folder.is_dir() else ():
            for path in sorted(folder.glob(source.files)):
                removed = erase_raw_file(path, source, erased, context.project.time_zone, words)
                if removed:
                    counts["raw files"] += removed
                    contents[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    for path in context.truth.glob("**/*.parquet"):
        counts["truth of the simulation"] += erase_file(path, erased, {erased.entity: PERSON})
    return contents


def _erase_other_folders(context: Context, folder: Path, erased: ErasedPeople, counts: Counter[str]) -> None:
    """Logged features, score files and judged rows of response models."""
    entity = {erased.entity: PERSON}
    for path in folder.glob("logged/*"):
        if path.is_dir():
            counts["logged features"] += erase_folder(path, erased, entity)
        elif path.suffix == ".parquet":
            counts["logged features"] += erase_file(path, erased, entity)
    for path in folder.glob("scores/**/*.parquet"):
        counts["score files"] += erase_file(path, erased, entity)
    for path in folder.glob("uplift/*/*"):
        if path.is_dir():
            counts["judged rows"] += erase_folder(path, erased, {"person": PERSON})


def _erase_in_database(context: Context, person: str) -> dict[str, int]:
    names = [context.project.name, context.project.mart.table, person]
    with connect(context.settings.require_database(), role=ADMINISTRATOR) as connection:
        row = connection.execute("select ops.erase_person(%s, %s, %s)", names).fetchone()
    return dict(row[0]) if row else {}
