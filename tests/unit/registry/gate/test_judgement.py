"""Checks of a promotion that need files and ledger: measuring errors, earlier policies, earlier decisions."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from registry import Contenders, Policy, Row, Version
from registry.gate.judgement import judge
from registry.ledger.history import replay
from tests.unit.builders import evidence, measured

POLICY = Policy()


def version(number: str, files: str | None = "f" * 64) -> Version:
    content = evidence(run_id=f"run{number}")
    return Version(
        "m", number, f"run{number}", "ann", content, "e" * 64, files, ("days",), {},
        bundle_sha256=content["bundle_sha256"],
        provenance={"project": content["project"], "population": content["population"]},
    )  # fmt: skip


CONTENDERS = Contenders(version("2"), version("1"))


def row(number: int, act: str, version: str, replaced: str | None = None, **decision: Any) -> Row:
    return Row(number, datetime(2026, 1, number, tzinfo=UTC), "bob", "m", act, version, replaced, decision, "odd.", "")


def failed(*rows: Row, policy: Policy = POLICY, mode: str = "auto", contenders: Contenders = CONTENDERS) -> list[str]:
    """Names and sentences of the failed checks that need files and ledger."""
    judged = judge(contenders, replay(rows), policy, lambda _: measured(), mode)
    origins = {"policy", "rejected", "withdrawn", "files", "measured"}
    return [
        f"{item.name}: {item.sentence}" for item in judged.decision.checks if not item.passed and item.name in origins
    ]


BOUNDS = POLICY.model_dump(mode="json")
WITHDRAWN = (row(1, "promote", "1"), row(2, "promote", "2", "1"), row(3, "rollback", "1", "2"))


@pytest.mark.parametrize(
    ("rows", "mode", "expected"),
    [
        ((), "auto", []),
        ((row(1, "refuse", "1", policy=BOUNDS),), "auto", []),
        ((row(1, "refuse", "1", policy=BOUNDS | {"fewest_left": 5}),), "auto", ["policy: Row 1 of the ledger"]),
        ((row(1, "refuse", "1", policy=BOUNDS | {"fewest_left": 5}), row(2, "refuse", "1", policy=BOUNDS)), "auto",
         ["policy: Row 1 of the ledger"]),
        ((row(1, "refuse", "1", policy=BOUNDS | {"fewest_left": 5, "version": 0}),), "auto", []),
        ((row(1, "promote", "1", policy_version=1),), "auto", []),
        (WITHDRAWN, "auto", ["withdrawn: Version 2 was rolled back by bob on 2026-01-03 (odd)"]),
        (WITHDRAWN, "review", []),
        ((*WITHDRAWN, row(4, "promote", "2", "1")), "auto", []),
        ((row(1, "reject", "2"),), "review", ["rejected: Version 2 was rejected by bob on 2026-01-01 (odd)"]),
        ((row(1, "reject", "1"),), "auto", []),
    ],
    ids=["nothing yet", "same bounds", "other bounds of the same version", "asked again with the other bounds",
         "other bounds of another version", "a row of an earlier release", "withdrawn",
         "withdrawn, and a person decides", "withdrawn, and brought back", "rejected", "another one rejected"],
)  # fmt: skip
def test_earlier_decisions_of_the_ledger_refuse(rows: tuple[Row, ...], mode: str, expected: list[str]):
    result = failed(*rows, mode=mode)
    assert len(result) == len(expected)
    assert all(sentence.startswith(start) for sentence, start in zip(result, expected, strict=True))


@pytest.mark.parametrize("which", ["challenger", "production"])
def test_a_version_whose_files_cannot_be_read_is_refused(which: str):
    gone = replace(CONTENDERS, **{which: version("7", files=None)})
    assert failed(contenders=gone) == ["files: The files of version 7 of m cannot be read."]


def test_unknown_code_is_refused():
    strange = replace(version("2"), files_problem="its churn_model.py is code that this repository does not list")
    expected = [
        "files: Version 2 of m cannot be loaded because its churn_model.py is code that this repository does not list"
    ]
    assert [item.removesuffix(": train again.") for item in failed(contenders=Contenders(strange, None))] == expected


def test_production_is_compared_with_the_files_that_were_promoted():
    promoted = [
        row(1, "promote", "1", subject={"challenger": {"number": "1", "files_sha256": key * 64}}) for key in "af"
    ]
    assert failed(promoted[1]) == []
    (expected,) = failed(promoted[0])
    assert expected.startswith(
        "files: The files of version 1 of m were changed after their approval (SHA-256 aaaaaaaaaaaa"
    )
    assert failed(row(1, "promote", "1")) == [], "the ledger is older than such digests"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("no rows\nat all"), "RuntimeError: no rows."),
        (ValueError(), "ValueError: no message."),
        (OSError("GET http://ann:secret@host/x."), "OSError: GET http://host/x."),
    ],
    ids=["two lines", "no text", "a password"],
)  # fmt: skip
def test_an_error_while_measuring_is_a_refusal_that_names_it(error: Exception, expected: str):
    def breaks(contenders: Contenders) -> dict[str, Any]:
        raise error

    judged = judge(CONTENDERS, replay(()), POLICY, breaks, "auto")
    assert not judged.decision.accepted
    assert judged.measured is None
    assert f"The challenger could not be measured on the same rows: {expected}" in [
        check.sentence for check in judged.decision.checks
    ]


def test_an_interrupt_while_measuring_stops_the_program():
    def stopped(contenders: Contenders) -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(CONTENDERS, replay(()), POLICY, stopped, "auto")


def test_an_accepted_case_is_accepted():
    assert judge(
        CONTENDERS, replay(()), POLICY, lambda _: measured(digest="f" * 64, versus__digest="f" * 64), "auto"
    ).decision.accepted
