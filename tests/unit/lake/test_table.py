"""A table is what its one small file says."""

from datetime import date
from pathlib import Path

import pytest

from lake import Coverage, Table, UnknownTableError
from tests.unit.builders import is_one_sentence, publish


def test_a_table_that_was_never_made_is_told_with_the_step_that_makes_it(tmp_path: Path):
    table = Table(tmp_path, "shop", "visits")
    assert table.manifest() is None
    with pytest.raises(UnknownTableError, match=r"Table shop\.visits .* `-e ingest -P project=shop`") as caught:
        table.require()
    assert is_one_sentence(caught.value)


def test_what_was_published_is_current_and_what_it_replaces_stays_until_nobody_reads_it(tmp_path: Path):
    table = Table(tmp_path, "shop", "visits")
    old = publish(table, "d1", "1997-01-01", "1997-02-01")
    new = publish(table, "d2", "1997-01-01", "1997-03-01")
    assert table.require().digest == "d2"
    assert table.require().coverage == Coverage(date(1997, 1, 1), date(1997, 3, 1))
    assert (new / "rows").read_text() == "d2"
    assert (old / "rows").read_text() == "d1"
    table.remove_outdated()
    assert not old.exists()
    assert new.exists()


def test_a_reader_keeps_to_the_table_as_it_was_when_it_began(tmp_path: Path):
    table = Table(tmp_path, "shop", "visits")
    old = publish(table, "d1", "1997-01-01", "1997-02-01")
    reader = Table(tmp_path, "shop", "visits")
    reader.pin()
    publish(table, "d2", "1997-01-01", "1997-03-01")
    assert reader.require().digest == "d1"
    ((month, remaining),) = reader.require().months.items()
    assert reader.month(month, remaining.digest) == old
    assert table.require().digest == "d2"


def test_what_a_killed_run_left_does_not_get_into_the_table(tmp_path: Path):
    table = Table(tmp_path, "shop", "visits")
    left = table.month("1997-01", "d0")
    left.mkdir(parents=True)
    (left / "half").write_text("complete, but never made current")
    assert table.manifest() is None

    complete = publish(table, "d1", "1997-01-01", "1997-02-01")
    table.remove_outdated()
    assert [path.name for path in complete.iterdir()] == ["rows"]
    assert [path.name for path in table.folder.glob("months/*/*")] == ["d1"]
