"""The evidence must be of the challenger's own run, files, project and population."""

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


def test_its_own_evidence_is_taken():
    (check,) = origin(VERSION, measured())
    assert check.passed
    assert is_one_sentence(AssertionError(check.sentence))


@pytest.mark.parametrize(
    ("changes", "measures", "said"),
    [
        ({"run_id": "another"}, {}, "The evidence is of run f00d, and version 2 is of run another: train again."),
        ({"bundle_sha256": "c" * 64}, {}, "is of other model files (bbbbbbbbbbbb) than those of version 2"),
        ({"bundle_sha256": None}, {}, "than those of version 2 (none): train again."),
        ({"provenance": {"project": "shop", "population": "trial"}}, {}, "and its model card of 'trial': train again."),
        ({"provenance": None}, {}, "The evidence is of the project 'shop', and its model card of None"),
        ({}, {"population": "trial"}, "of the population 'active', and this promotion of 'trial': train again."),
        ({}, {"project": "other"}, "of the project 'shop', and this promotion of 'other': train again."),
        ({"evidence": evidence(run_id=None)}, {}, "of version 2 does not say run_id, as that of an earlier"),
        ({"evidence": {"schema": 2}}, {}, "does not say run_id, bundle_sha256, project, population, as that of"),
    ],
    ids=["another run's", "of other files", "files gone", "card of others", "no card", "promoted as others",
         "promoted elsewhere", "no run", "an earlier release"],
)  # fmt: skip
def test_evidence_of_something_else_is_refused_with_a_sentence(
    changes: dict[str, Any], measures: dict[str, str], said: str
):
    (check,) = origin(replace(VERSION, **changes), measured(**measures))
    assert not check.passed
    assert said in check.sentence


def test_where_there_is_no_evidence_the_gate_says_so():
    assert list(origin(replace(VERSION, evidence=None), None)) == []
