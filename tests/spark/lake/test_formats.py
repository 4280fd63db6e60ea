"""A row becomes the same whatever the format it is written in, on both engines."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lake import Ingested, Source, Table
from tests.spark.lake.corpus.formats import FORMATS, KINDS, SOURCE, row, write_format
from tests.spark.lake.corpus.rows import DUPLICATE, KEPT
from tests.spark.lake.shop import rows_of

Take = Callable[[Source, Path, Path], Ingested]


@dataclass(frozen=True)
class Result:
    done: Ingested
    rows: dict[object, dict[str, object]]
    reasons: list[str]


@pytest.fixture(scope="module", params=list(FORMATS))
def result(request: pytest.FixtureRequest, ingest_source: Take, tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("formats")
    write_format(request.param, folder / "raw")
    form = FORMATS[request.param][0]
    dialect = None if request.param in {"csv", "tsv", "jsonl", "parquet"} else request.param
    done = ingest_source(replace(SOURCE, format=form, dialect=dialect), folder / "raw", folder / "lake")  # type: ignore[arg-type]
    table = Table(folder / "lake", "shop", "entries")
    reasons = [str(item["reason"]) for path in table.quarantine.iterdir() for item in rows_of([path])]
    return Result(done, {item["id"]: item for item in rows_of(table.folders())}, reasons)


@pytest.mark.parametrize("place", range(len(KINDS)), ids=[kind.what for kind in KINDS])
def test_a_row_becomes_the_same_in_every_format(place: int, result: Result) -> None:
    kind, (changed, *_) = KINDS[place], [*KINDS[place].changes, "id"]
    if kind.becomes == KEPT:
        name = kind.value if changed == "id" and kind.value else row(place)["id"]
        assert result.rows[name][changed] == (kind.value or (name if changed == "id" else None))
    elif kind.becomes != DUPLICATE:
        alike = sum(other.becomes == kind.becomes for other in KINDS)
        assert sum(reason.startswith(kind.becomes) for reason in result.reasons) == alike


def test_every_row_is_counted_once(result: Result) -> None:
    outcomes = [kind.becomes for kind in KINDS]
    manifest = result.done.manifest
    assert manifest.rows_in == len(KINDS)
    assert (manifest.rows_kept, manifest.duplicates) == (outcomes.count(KEPT), outcomes.count(DUPLICATE))
    assert manifest.quarantined == len(result.reasons) == len(KINDS) - manifest.rows_kept - manifest.duplicates
    assert manifest.trimmed >= 1
