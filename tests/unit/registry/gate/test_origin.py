"""The evidence must belong to the challenger's run, files, project and population."""

from dataclasses import replace
from typing import Any

import pytest

from registry import Version
from registry.gate.origin import origin
from tests.unit.builders import evidence, is_one_sentence, measured

OWN = evidence()
VERSION = Version(
    "m", "2", OWN["run_id"], "ann", OWN, "e" * 64, "f" * 64, ("days",), {}, None, OWN["bundle_sha256"],
    {"project": "shop", "population": "active"},
)  # fmt: skip


def test_evidence_of_the_version_itself_is_accepted():
    (check,) = origin(VERSION, measured())
    assert check.passed
    assert is_one_sentence(AssertionError(check.sentence))


@pytest.mark.parametrize(
    ("changes", "measures", "expected"),
    [
        ({"run_id": "another"}, {}, "The evidence is of run f00d, but version 2 is of run another: train again."),
        ({"bundle_sha256": "c" * 64}, {}, "of model files with SHA-256 bbbbbbbbbbbb, but version 2 has cccccccccccc"),
        ({"bundle_sha256": None}, {}, "but version 2 has none: train again."),
        ({"provenance": {"project": "shop", "population": "trial"}}, {}, "but its model card is of 'trial': train"),
        ({"provenance": None}, {}, "The evidence is of the project 'shop', but its model card is of None"),
        ({}, {"population": "trial"}, "of the population 'active', but this promotion is of 'trial': train again."),
        ({}, {"project": "other"}, "of the project 'shop', but this promotion is of 'other': train again."),
        ({"evidence": evidence(run_id=None)}, {}, "of version 2 lacks run_id; an earlier release wrote it"),
        ({"evidence": {"schema": 2}}, {}, "lacks run_id, bundle_sha256, project, population; an earlier"),
    ],
    ids=["another run's", "of other files", "files gone", "card of others", "no card", "promoted as others",
         "promoted elsewhere", "no run", "an earlier release"],
)  # fmt: skip
def test_evidence_of_something_else_is_refused_with_a_sentence(
    changes: dict[str, Any], measures: dict[str, str], expected: str
):
    (check,) = origin(replace(VERSION, **changes), measured(**measures))
    assert not check.passed
    assert expected in check.sentence


def test_missing_evidence_is_left_to_the_gate():
    assert list(origin(replace(VERSION, evidence=None), None)) == []
