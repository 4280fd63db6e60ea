"""Subjects of two decisions are compared part by part."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry import Contenders, Policy, Version
from registry.versions.version_files import files_digest
from registry.versions.versions import changed


def version(number: str, **changes: Any) -> Version:
    built = Version("m", number, "run", "ann", {}, "evidence", "files", ("days",), {"depth": "6"})
    return replace(built, **changes)


SAME_VERSION = "the policy changed under the same version number (raise `version` in the project's policy first)"
CONTENDERS = Contenders(version("2"), version("1"))


@pytest.mark.parametrize(
    ("now", "policy", "expected"),
    [
        (CONTENDERS, Policy(), []),
        (replace(CONTENDERS, challenger=version("2", author="bob", params={})), Policy(), []),
        (replace(CONTENDERS, challenger=version("3")), Policy(), ["challenger is version 3 now and was version 2"]),
        (replace(CONTENDERS, production=None), Policy(), ["production is nothing now and was version 1"]),
        (replace(CONTENDERS, challenger=version("2", evidence_sha256=None)), Policy(),
         ["the evidence of version 2 changed"]),
        (replace(CONTENDERS, production=version("1", files_sha256="x")), Policy(), ["the files of version 1 changed"]),
        (CONTENDERS, Policy(fewest_left=5), [SAME_VERSION]),
        (CONTENDERS, Policy(version=2), ["the policy changed"]),
    ],
    ids=["nothing", "what no decision rests on", "challenger", "production gone", "evidence", "files", "a bound",
         "the policy's version"],
)  # fmt: skip
def test_what_changed_since_a_decision_is_named(now: Contenders, policy: Policy, expected: list[str]):
    assert changed(CONTENDERS.subject(Policy()), now.subject(policy)) == expected


def change_a_byte(folder: Path) -> None:
    (folder / "data" / "model.cbm").write_bytes(b"tree2")


def rename(folder: Path) -> None:
    (folder / "data" / "model.cbm").rename(folder / "data" / "model.ubj")


def move_a_byte_to_the_next_file(folder: Path) -> None:
    (folder / "MLmodel").write_bytes(b"yamlt")
    (folder / "data" / "model.cbm").write_bytes(b"ree1")


def add(folder: Path) -> None:
    (folder / "new").touch()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "MLmodel").write_bytes(b"yaml")
    (tmp_path / "data" / "model.cbm").write_bytes(b"tree1")
    return tmp_path


@pytest.mark.parametrize("change", [change_a_byte, rename, move_a_byte_to_the_next_file, add])
def test_the_digest_of_files_sees_every_change(files: Path, change: Callable[[Path], None]):
    before = files_digest(files)
    change(files)
    assert files_digest(files) != before


def test_where_files_were_taken_from_is_not_part_of_them(files: Path):
    before = files_digest(files)
    (files / "registered_model_meta").write_text("model_version: 7")
    assert files_digest(files) == before


def test_a_version_without_files_has_no_digest(tmp_path: Path):
    assert files_digest(tmp_path) is None
