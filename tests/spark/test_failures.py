"""What Spark says of a full disk and of a folder that refuses, as one sentence."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from py4j.protocol import Py4JJavaError

from features import SparkEngine
from jobs.runtime.failures import explain
from tests.unit.builders import is_one_sentence

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.mark.parametrize("refuses", [False, True], ids=["full", "read-only"])
def test_a_disk_that_takes_no_more_is_told(refuses: bool, small_disk: Path, spark: "SparkSession"):
    if refuses:
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(Py4JJavaError) as caught:
        SparkEngine(spark).save("select id, rand() as value from range(100000)", small_disk / "rows")
    text = explain(caught.value)
    assert text is not None
    assert is_one_sentence(text)
    assert str(text).startswith("A file or folder cannot be used (" if refuses else "The disk is full")
    assert f" at {small_disk}/rows: " in str(text)


def test_a_file_that_is_no_parquet_is_told(tmp_path: Path, spark: "SparkSession"):
    (tmp_path / "rows.parquet").write_text("no Parquet, but long enough to be taken for it")
    for name in ("rows.parquet", "gone.parquet"):
        with pytest.raises(Exception) as caught:  # noqa: PT011  Spark raises a class of its own for each
            SparkEngine(spark).show_files("rows", [tmp_path / name])
        text = explain(caught.value)
        assert text is not None, repr(caught.value)
        assert is_one_sentence(text)
