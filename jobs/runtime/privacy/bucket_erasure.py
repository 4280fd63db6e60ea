"""Objects of the bucket without the rows of erased people."""

import csv
import json
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

from jobs.runtime.context import Context
from lake.erasure.folders import Kinds, erase_file
from lake.erasure.people import PERSON, ErasedPeople
from lake.erasure.raw_files import erase_raw_file
from stack import bucket
from stack.postgres import connect

#: artifacts of MLflow that can hold rows or texts about people; model files hold numbers only.
READABLE = (".csv", ".json", ".parquet", ".txt", ".html", ".md")
ARTIFACTS = "mlflow/"


def erase_from_bucket(context: Context, erased: ErasedPeople, words: Collection[str] | None) -> dict[str, int]:
    """Remove the rows of erased people from lists, from copies of the mart, from raw exports and from artifacts.

    Args:
        context: of the step.
        erased: the people.
        words: the plain identifiers of the people, if all are known.

    Returns:
        Removed rows by kind of object.
    """
    table = partial(erase_table, erased=erased, kinds={context.project.entity: PERSON})
    keys = bucket.keys(context.settings, "")
    # The copies of the mart have the name of its table in their keys.
    copies = [key for key in keys if f"/{context.project.mart.table}/" in f"/{key}" and not key.startswith(ARTIFACTS)]
    lists = [key for key in keys if key.startswith(f"lists/{context.project.name}/")]
    artifacts = [key for key in keys if key.startswith(ARTIFACTS) and key.endswith(READABLE)]
    counts = {
        "lists": _edit_all(context, lists, table),
        "copies of the mart": _edit_all(context, copies, table),
        "artifacts": _edit_all(context, artifacts, table),
        "raw objects": 0,
    }
    for prefix in raw_prefixes(context):
        raw = [key for key in keys if key.startswith(prefix)]
        counts["raw objects"] += _edit_all(context, raw, partial(_erase_raw, context, erased, words, prefix))
    return counts


def raw_prefixes(context: Context) -> list[str]:
    """The prefixes of our bucket that the project's exports were ingested from, by the runs of `ingest`."""
    begin = f"s3://{context.settings.s3_bucket}/"
    query = (
        "select distinct parameters ->> 'raw' from ops.runs where project = %s and step in ('ingest', 'sample') "
        "and starts_with(parameters ->> 'raw', %s) order by 1"
    )
    with connect(context.settings.require_database()) as connection:
        rows = connection.execute(query, [context.project.name, begin]).fetchall()
    return [f"{str(row[0]).removeprefix(begin).rstrip('/')}/" for row in rows]


def find_mentions(context: Context, person: str) -> list[str]:
    """The artifacts that still contain the person as a word; ids of fewer than six characters are not looked for."""
    if len(person) < 6:
        return []
    word = re.compile(rb"(?<![0-9A-Za-z_-])" + re.escape(person.encode()) + rb"(?![0-9A-Za-z_-])")
    return [key for key, content in _contents(context, ARTIFACTS, READABLE) if word.search(content)]


def erase_table(path: Path, key: str, erased: ErasedPeople, kinds: Kinds) -> int:
    """Remove the rows of erased people from a table: Parquet, CSV with a header, or JSON as MLflow logs tables."""
    if key.endswith(".parquet"):
        return erase_file(path, erased, kinds)
    if key.endswith(".csv"):
        with path.open(newline="", errors="surrogateescape") as content:
            header, *rows = list(csv.reader(content)) or [[]]
    elif key.endswith(".json"):
        header, rows = _read_json_table(path)
    else:
        return 0
    places = {place: kinds[name] for place, name in enumerate(header) if name in kinds}
    others = [
        row
        for row in rows
        if not any(place < len(row) and erased.has(kind, row[place]) for place, kind in places.items())
    ]
    if len(others) < len(rows):
        _write_table(path, key, header, others)
    return len(rows) - len(others)


def _read_json_table(path: Path) -> tuple[list[str], list[list[Any]]]:
    try:
        content = json.loads(path.read_text())
        return list(content["columns"]), list(content["data"])
    except (ValueError, KeyError, TypeError):
        return [], []


def _write_table(path: Path, key: str, header: list[str], rows: list[list[Any]]) -> None:
    if key.endswith(".json"):
        path.write_text(json.dumps({"columns": header, "data": rows}))
        return
    with path.open("w", newline="", errors="surrogateescape") as content:
        csv.writer(content, lineterminator="\n").writerows([header, *rows])


def _erase_raw(
    context: Context, erased: ErasedPeople, words: Collection[str] | None, prefix: str, path: Path, key: str
) -> int:
    name = key.removeprefix(prefix)
    for source in context.project.sources:
        if fnmatch(name, source.files):
            return erase_raw_file(path, source, erased, context.project.time_zone, words)
    return 0


def _edit_all(context: Context, keys: Iterable[str], change: Callable[[Path, str], int]) -> int:
    """Change objects of our bucket; an object is replaced only if rows were removed. Returns the number of these."""
    count = 0
    with tempfile.TemporaryDirectory() as scratch:
        for key in keys:
            path = Path(scratch) / key.rsplit("/", 1)[-1]
            bucket.download(context.settings, key, path)
            if removed := change(path, key):
                bucket.replace(context.settings, key, path)
                count += removed
            path.unlink()
    return count


def _contents(context: Context, prefix: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "object"
        for key in bucket.keys(context.settings, prefix):
            if key.endswith(suffixes):
                bucket.download(context.settings, key, path)
                yield key, path.read_bytes()
