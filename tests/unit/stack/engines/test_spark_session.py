"""The Java that Spark needs, with programs that answer as each Java does."""

from pathlib import Path

import pytest

from stack.engines.spark_session import check_java
from stack.errors import JavaError
from tests.unit.builders import is_one_sentence


def java(home: Path, says: str) -> Path:
    """A JAVA_HOME whose `java -version` says so, on standard error as the real one does."""
    program = home / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{says}\nEND\n")
    program.chmod(0o755)
    return home


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('openjdk version "25-ea" 2025-09-16\nOpenJDK Runtime Environment (build 25-ea+9)', 25),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "17.0.2"', 17),
    ],
)
def test_java_17_or_newer_will_do(says: str, version: int, tmp_path: Path):
    assert check_java(java(tmp_path, says)) == version


@pytest.mark.parametrize(
    ("says", "version"),
    [('openjdk version "11.0.21" 2023-10-17', 11), ('java version "1.8.0_292"', 8), ('openjdk version "16.0.1"', 16)],
)
def test_an_old_java_is_an_error_with_its_version(says: str, version: int, tmp_path: Path):
    with pytest.raises(JavaError, match=rf"JAVA_HOME={tmp_path} has Java {version}: install a JDK 17") as caught:
        check_java(java(tmp_path, says))
    assert is_one_sentence(caught.value)


def test_a_folder_without_java_is_an_error(tmp_path: Path):
    with pytest.raises(JavaError, match=f"JAVA_HOME={tmp_path} has none") as caught:
        check_java(tmp_path)
    assert is_one_sentence(caught.value)


def test_without_java_home_the_path_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JavaError, match="PATH has none"):
        check_java(None)
    home = java(tmp_path, 'openjdk version "17.0.1"')
    monkeypatch.setenv("PATH", f"{home / 'bin'}:/bin:/usr/bin")
    assert check_java(None) == 17


def test_a_java_without_a_version_is_an_error(tmp_path: Path):
    with pytest.raises(JavaError, match="has one that does not run") as caught:
        check_java(java(tmp_path, "Error: could not find libjvm.so"))
    assert is_one_sentence(caught.value)


def test_a_java_for_another_machine_is_an_error(tmp_path: Path):
    program = java(tmp_path, "") / "bin" / "java"
    program.write_bytes(b"\x7fELF for a processor that this is not")
    with pytest.raises(JavaError, match="has one that does not run") as caught:
        check_java(tmp_path)
    assert is_one_sentence(caught.value)
