"""Verification names every row that was changed, removed or moved."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from registry.ledger.chain import GENESIS, Row, canonical, plain
from registry.ledger.verify import (
    chain_problems,
    head_problem,
    missing_head_problem,
    unrecorded_alias_problem,
)

Rows = list[Row]


def ledger(count: int = 6) -> Rows:
    """Rows as they are written: promotions of version 1, 2, 3 and so on, a second apart."""
    rows: Rows = []
    for number in range(1, count + 1):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        before = rows[-1].row_hash if rows else GENESIS
        decision = {"accepted": True, "auc": 0.1 + number}
        rows.append(Row(number, at, "ann", "m", "promote", str(number), None, decision, "good", before).sealed())
    return rows


def swapped(rows: Rows) -> Rows:
    third, fourth = rows[2], rows[3]
    return [*rows[:2], replace(fourth, id=3), replace(third, id=4), *rows[4:]]


def resealed(rows: Rows, place: int, **changes: object) -> Rows:
    return [*rows[:place], replace(rows[place], **changes).sealed(), *rows[place + 1 :]]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda rows: rows, []),
        (lambda rows: [], []),
        (lambda rows: [*rows[:3], replace(rows[3], who="eve"), *rows[4:]], ["Row 4 was tampered with"]),
        (lambda rows: [*rows[:3], replace(rows[3], decision={}), *rows[4:]], ["Row 4 was tampered with"]),
        (lambda rows: [*rows[:3], replace(rows[3], row_hash="0" * 64), *rows[4:]], ["Row 4 was tampered with"]),
        (lambda rows: resealed(rows, 3, who="eve"), ["Row 5 does not follow row 4"]),
        (lambda rows: [*rows[:3], *rows[4:]], ["Row 4 is missing"]),
        (lambda rows: [*rows[:1], *rows[4:]], ["Rows 2 to 4 are missing"]),
        (lambda rows: rows[1:], ["Row 1 is missing"]),
        (swapped, ["Row 3 is out of order: it was written as row 4", "Row 4 is out of order: it was written as row 3"]),
        (lambda rows: [*rows[:5], replace(rows[5], happened_at=rows[0].happened_at).sealed()],
         ["Row 6 is out of order: it is earlier than row 5"]),
        (lambda rows: resealed(rows[:1], 0, previous_hash="1" * 64), ["Row 1 is not the first"]),
    ],
    ids=["whole", "empty", "who changed", "decision changed", "hash changed", "changed with its hash", "missing",
         "several missing", "the first missing", "swapped", "earlier", "begins in the middle"],
)  # fmt: skip
def test_each_changed_row_is_named(spoil: Callable[[Rows], Rows], expected: list[str]):
    result = chain_problems(spoil(ledger()))
    assert len(result) == len(expected)
    assert all(sentence.startswith(start) for sentence, start in zip(result, expected, strict=True))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (lambda rows: rows[5].head, None),
        (lambda rows: rows[2].head, None),
        (lambda rows: "7:abc", "Row 7 is missing"),
        (lambda rows: f"4:{'0' * 64}", "Row 4 was rewritten"),
        (lambda rows: "nonsense", "Row nonsense is missing"),
    ],
    ids=["the last", "a head that lags", "cut off at the end", "written anew", "nonsense"],
)  # fmt: skip
def test_the_row_that_mlflow_stores_must_exist(head: Callable[[Rows], str], expected: str | None):
    result = head_problem("m", head(ledger()), ledger())
    assert result is None if expected is None else str(result).startswith(expected)


def test_a_row_of_another_model_does_not_replace_the_row_that_mlflow_stores():
    assert head_problem("other", ledger()[1].head, ledger()) is not None


def test_the_hash_does_not_depend_on_the_time_zone_or_on_the_order_of_keys():
    row = ledger(1)[0]
    moscow = replace(row, happened_at=row.happened_at.astimezone(timezone(timedelta(hours=3))))
    turned = replace(row, decision=dict(reversed(row.decision.items())))
    assert row.row_hash == moscow.sealed().row_hash == turned.sealed().row_hash


def test_values_without_a_json_form_become_text():
    content = plain(
        {"nan": float("nan"), "far": float("-inf"), "day": datetime(2026, 1, 1), 3: ("a\0b", None, True, 1)}
    )
    assert canonical(content) == '{"3":["a b",null,true,1],"day":"2026-01-01 00:00:00","far":"-inf","nan":"nan"}'


LARGEST = 2**63 - 1


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (lambda rows: [*rows, replace(rows[-1], id=LARGEST, previous_hash=rows[-1].row_hash).sealed()], str(LARGEST)),
        (lambda rows: [*rows, replace(rows[-1], id=LARGEST, previous_hash="f" * 64).sealed()], str(LARGEST)),
        (lambda rows: [*rows, replace(rows[-1], id=9, previous_hash=rows[-1].row_hash).sealed()], "9"),
        (lambda rows: [replace(rows[0], id=-5).sealed(), *rows], "-5"),
    ],
    ids=["the largest number", "the largest, which follows nothing", "written after row 6", "below 1"],
)  # fmt: skip
def test_an_impossible_row_number_is_not_reported_as_a_gap(rows: Callable[[Rows], Rows], expected: str):
    result = chain_problems(rows(ledger()))
    assert result[0].startswith(f"Row {expected} is impossible: it comes after row ")
    assert not [sentence for sentence in result if "missing" in sentence]


def test_a_number_without_a_json_form_is_reported_as_tampering():
    rows = ledger(2)
    assert chain_problems([rows[0], replace(rows[1], decision={"auc": float("inf")})]) == [
        "Row 2 was tampered with: its content does not match its hash."
    ]


@pytest.mark.parametrize(
    ("rows", "last_without_head", "reported"),
    [
        (ledger(2), 0, True),
        (ledger(2), 2, False),
        (ledger(3), 2, True),
        ([replace(ledger(1)[0], act="intent")], 0, False),
        ([], 0, False),
    ],
    ids=["taken away", "an earlier release's", "written since", "killed before the first tag", "never promoted"],
)  # fmt: skip
def test_a_missing_head_is_reported_where_it_is_required(rows: Rows, last_without_head: int, reported: bool):
    result = missing_head_problem("m", rows, last_without_head)
    assert (result is not None) == reported


def test_only_a_row_that_sets_an_alias_records_it():
    refused = replace(ledger(1)[0], act="refuse", version="7")
    assert unrecorded_alias_problem("m", {"production": "2", "previous": "1"}, ledger(2)) is None
    assert "alias production of m is at version 7" in str(unrecorded_alias_problem("m", {"production": "7"}, [refused]))
    repaired = replace(refused, act="repair", replaced="9", decision={"set": {"production": "3", "previous": None}})
    assert unrecorded_alias_problem("m", {"production": "3"}, [repaired]) is None
    assert unrecorded_alias_problem("m", {"production": "9"}, [repaired]) is not None
