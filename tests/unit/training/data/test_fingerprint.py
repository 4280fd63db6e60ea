"""A training repeats an earlier one only if nothing that decides the model has changed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from training.data.fingerprint import code_hash, fingerprint
from training.plan import TrainingPlan

PLAN = TrainingPlan(recency="visits_days_since_last", families=("recency", "logistic"))
ABOUT = {"data": {"digest": "d1"}, "code": "c1", "packages": {"catboost": "1.2.10"}}


def test_the_fingerprint_does_not_depend_on_the_order_of_settings():
    assert fingerprint(replace(PLAN), dict(reversed(ABOUT.items()))) == fingerprint(PLAN, ABOUT)


@pytest.mark.parametrize(
    "changed",
    [
        {"families": ("logistic", "recency")},
        {"seed": 1},
        {"trials": 7},
        {"folds": 2},
        {"calibration": 2},
        {"out_of_time": 3},
        {"recency": "visits_overdue"},
        {"params": {"logistic": {"C": 1.0}}},
    ],
    ids=str,
)
def test_another_plan_has_another_fingerprint(changed: dict[str, Any]):
    assert fingerprint(replace(PLAN, **changed), ABOUT) != fingerprint(PLAN, ABOUT)


@pytest.mark.parametrize(
    "changed", [{"data": {"digest": "d2"}}, {"code": "c2"}, {"packages": {"catboost": "1.2.11"}}], ids=str
)
def test_other_data_code_or_packages_have_another_fingerprint(changed: dict[str, Any]):
    assert fingerprint(PLAN, {**ABOUT, **changed}) != fingerprint(PLAN, ABOUT)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two rooms with code."""
    for name, text in (("lake/a.py", "x = 1\n"), ("lake/deep/b.py", "y = 2\n"), ("features/c.py", "z = 3\n")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_hash_of_code_depends_on_its_text_only(root: Path, tmp_path_factory: Any):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "clone"
    root.rename(elsewhere)
    assert code_hash(elsewhere, ["features", "lake"]) == code_hash(elsewhere, ["lake", "features"])
    before = code_hash(elsewhere, ["lake", "features"])
    elsewhere.rename(root)
    assert code_hash(root, ["lake", "features"]) == before


def test_code_that_changed_has_another_hash(root: Path):
    before = code_hash(root, ["lake"])
    (root / "lake" / "deep" / "b.py").write_text("y = 3\n")
    changed = code_hash(root, ["lake"])
    (root / "lake" / "deep" / "b.py").rename(root / "lake" / "deep" / "d.py")
    renamed = code_hash(root, ["lake"])
    assert len({before, changed, renamed}) == 3


def test_what_is_no_code_and_what_lies_in_other_rooms_does_not_count(root: Path):
    before = code_hash(root, ["lake"])
    (root / "lake" / "notes.md").write_text("changed")
    (root / "lake" / "__pycache__").mkdir()
    (root / "lake" / "__pycache__" / "a.pyc").write_bytes(b"\0")
    (root / "features" / "c.py").write_text("z = 4\n")
    assert code_hash(root, ["lake"]) == before
