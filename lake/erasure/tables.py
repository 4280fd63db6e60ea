"""Tables of the lake without the rows of erased people: batches, months, manifest and quarantine."""

from collections.abc import Mapping
from dataclasses import replace

from lake.erasure.folders import erase_file, erase_folder
from lake.erasure.people import TEXT, ErasedPeople, identifier_kinds
from lake.ingestion import months
from lake.ingestion.batches import count_rows
from lake.source import Source
from lake.table import IngestedFile, Manifest, Table
from stack.engines.engine import Engine
from stack.folders.digest import short_digest


def erase_from_table(
    engine: Engine, source: Source, table: Table, erased: ErasedPeople, contents: Mapping[str, str]
) -> int:
    """Remove the rows of erased people from a table; days of the data, other rows and their order stay.

    Batches are rewritten, then the months that had such rows are built from them. A second call completes a killed one.

    Args:
        engine: builds the months.
        source: the declaration.
        table: its table; no other process may use it.
        erased: the people.
        contents: name of a rewritten raw file -> its new SHA-256, so that it is not read again.

    Returns:
        Number of rows removed from batches and quarantine.
    """
    kinds = identifier_kinds(source, erased.entity)
    if not kinds:
        return 0
    quarantined = [path for path in table.quarantine.glob("*/*.parquet") if not path.name.startswith(".")]
    removed = sum(erase_file(path, erased, {"raw": TEXT}) for path in quarantined)
    manifest = table.manifest()
    if manifest is None:
        return removed
    batches = {file.batch for file in manifest.files.values()}
    removed += sum(erase_folder(table.batch(name), erased, {**kinds, "_raw": TEXT}) for name in sorted(batches))
    files = _recount(engine, source, table, manifest, contents)
    changed = {
        month
        for name, file in files.items()
        for month in {*file.months, *manifest.files[name].months}
        if file.months.get(month) != manifest.files[name].months.get(month)
    }
    if files != manifest.files:
        # Another digest than that of the months with the person: their folders must not be taken for the new ones.
        digest = short_digest(manifest.declaration_digest, "erased", sorted(erased.hashes))
        built = months.build(engine, source.stored, table, files, changed, digest) if changed else {}
        every = {**{name: month for name, month in manifest.months.items() if name not in changed}, **built}
        filled = {name: month for name, month in every.items() if month.rows_kept or month.contradictions}
        named = short_digest(digest, sorted((name, month.digest) for name, month in filled.items()))
        table.publish(replace(manifest, digest=named, files=files, months=filled))
    table.remove_outdated()
    return removed


def _recount(
    engine: Engine, source: Source, table: Table, manifest: Manifest, contents: Mapping[str, str]
) -> dict[str, IngestedFile]:
    """The files of the manifest with the numbers of rows that the batches have now."""
    files: dict[str, IngestedFile] = {}
    for batch in sorted({file.batch for file in manifest.files.values()}):
        view = f"counted_{source.name}"
        engine.show_files(view, [table.batch(batch)])
        counts = count_rows(engine, view)
        for name, file in manifest.files.items():
            if file.batch == batch:
                count = counts[file.place]
                files[name] = replace(
                    file, rows_in=count.rows, quarantined=count.unusable, months=count.months, trimmed=count.trimmed,
                    content=contents.get(name, file.content),
                )  # fmt: skip
    return {name: files[name] for name in manifest.files}
