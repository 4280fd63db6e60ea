"""Documents are read in pieces by a fast way; a plain way, one document and one value at a time, gives the same."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lake.dialect import PRESETS
from lake.ingestion.documents import HALF_CHARACTER, NOT_AN_OBJECT, TOO_DEEP, read_documents
from lake.ingestion.reader import BLANK, NOT_UTF8, FileColumn, read_batches

COLUMNS = tuple(
    FileColumn(str(place), paths)
    for place, paths in enumerate([("a",), ("b", "a"), ("a.b", "c.a.b"), ("c",), ("c.$oid",), ("b.$date", "")])
)
NUMBERS = (
    "0", "-0", "-0.0", "1.0", "1.10", "1E400", "-1e-400", "2E+05", "12345678901234567890", "0.1000000000000000055",
    "9007199254740993", "1769904000500", "-1", "NaN", "Infinity", "-Infinity", "1" * 5_000,
)  # fmt: skip
#: no JSON, or JSON that other readers take.
BROKEN = (
    "01", "1.", ".5", "+1", "nan", "-", "'a'", "", "[1,]", '{"a":1,}', "tru", '"a', "\xa0", "\ufeff1", "1 2", '"\n"',
)  # fmt: skip
TEXTS = (
    '""', '"a"', '"\\u0061"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\uDE00x"', '"\\u0000"', '"\\\\"', '"\\"b\\":"',
    '"12"', '"--5"', '"-٣"', '"é中😀"', '"\\n\\t\\/"', '"Infinity"', '"2026-01-01T10:00:00Z"',
    '"999999999999999999"',
)  # fmt: skip
KEYS = ('"a"', '"b"', '"c"', '"\\u0061"', '"a.b"', '""', '"$oid"', '"$date"', '"$numberLong"', '"$numberDecimal"')
SPACES = st.sampled_from(["", "", "", " ", "\t", " \r "])


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    entries = st.lists(joined(SPACES, st.sampled_from(KEYS), SPACES, st.just(":"), SPACES, values), max_size=4)
    return joined(st.just("{"), SPACES, entries.map(",".join), SPACES, st.just("}"))


LEAVES = st.one_of(
    st.sampled_from([*NUMBERS, "true", "false", "null"]), st.sampled_from(TEXTS), st.text(max_size=5).map(json.dumps)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(objects(inner), st.lists(inner, max_size=3).map(",".join).map("[{}]".format)),
    max_leaves=6,
)  # fmt: skip
SOUND = joined(SPACES, objects(VALUES), SPACES)
LINES = st.one_of(
    SOUND, SOUND, SOUND, VALUES, objects(st.one_of(VALUES, st.sampled_from(BROKEN))), st.sampled_from(BROKEN),
    joined(SOUND, st.sampled_from(["x", "\x0b", "{}", ","])),
).map(lambda line: line.replace("\n", "\\n"))  # fmt: skip


class Number(str):
    __slots__ = ()


def plain_document(line: str, is_mongo: bool) -> tuple[str | None, list[str | None]]:
    """The fault and the texts of a line, by the shortest code that can be believed."""
    try:
        document = json.loads(line, parse_int=Number, parse_float=Number, parse_constant=Number)
    except ValueError:
        return NOT_AN_OBJECT, [None] * len(COLUMNS)
    if not isinstance(document, dict):
        return NOT_AN_OBJECT, [None] * len(COLUMNS)
    texts = [plain_text(document, column.raw_names, is_mongo) for column in COLUMNS]
    if any("\ud800" <= letter <= "\udfff" for text in texts for letter in text or ""):
        return HALF_CHARACTER, [None] * len(COLUMNS)
    return None, texts


def plain_text(document: Mapping[str, Any], paths: Sequence[str], is_mongo: bool) -> str | None:
    for path in paths:
        value: Any = document
        for part in path.split("."):
            if not isinstance(value, dict) or part not in value:
                break
            value = value[part]
        else:
            value = plain_unwrapped(value) if is_mongo else value
            return "" if value is None else str(value) if isinstance(value, str) else plain_json(value)
    return None


def plain_unwrapped(value: Any) -> Any:
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((name, inner),) = value.items()
    if name == "$date":
        count = inner.get("$numberLong") if isinstance(inner, dict) else inner
        try:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(count))
        except OverflowError:
            return count
        except (TypeError, ValueError):
            return inner if not isinstance(count, str) or not count.lstrip("-").isdecimal() else count
        return moment.isoformat()
    return inner if name in {"$oid", "$numberLong", "$numberDecimal"} else value


def plain_json(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{plain_json(name)}:{plain_json(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(plain_json, value)) + "]"
    return str(value) if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("is_mongo", [False, True])
@given(lines=st.lists(LINES, max_size=8))
@example(lines=[f'{{"a":{number},"c":[{number},"{number}"]}}' for number in (*NUMBERS, "true", "false", "null")])
@example(lines=[f'{{"a":{text},"c":[{text}]}}' for text in TEXTS])
@example(
    lines=[f'{{"a":{{"$date":{value}}},"c":{{"$date":{{"$numberLong":{value}}}}}}}' for value in (*NUMBERS, *TEXTS)]
)
@example(lines=['{"a":1,"a":2,"c":{"\\u0061":1,"a":{"b":"x","b":"y"}}}'])
@example(lines=['{"a":"\\ud83d"}', '{"a":"\\ude00"}'])  # two halves in two lines are no whole
def test_documents_are_read_as_a_plain_reader_reads_them(lines: list[str], is_mongo: bool):
    faults, values = read_documents(lines, is_mongo, COLUMNS)
    plain = [plain_document(line, is_mongo) for line in lines]
    assert faults == [fault for fault, _ in plain]
    assert [list(texts) for texts in zip(*values, strict=True)] == [texts for _, texts in plain]


def test_pieces_do_not_matter(monkeypatch: pytest.MonkeyPatch):
    lines = [f'{{"a":{number}}}' for number in range(250)] + ["[]", '{"b":"x"}']
    whole = read_documents(lines, False, COLUMNS)
    for piece in (1, 7, 1_000):
        monkeypatch.setattr("lake.ingestion.documents.PIECE", piece)
        assert read_documents(lines, False, COLUMNS) == whole


@pytest.mark.parametrize("depth", [*range(900, 1_000, 5), 100_000])
def test_a_document_that_is_nested_too_deeply_is_put_aside(depth: int):
    """The encoder reaches the interpreter's limit at another depth than the decoder."""
    line = '{"a":' + "[" * depth + "1" + "]" * depth + "}"
    ((fault, following), (values, *_)) = read_documents([line, '{"a":2}'], False, COLUMNS)
    assert (fault, following) in {(None, None), (TOO_DEEP, None)}
    assert values == [None if fault else line[5:-1], "2"]


def test_a_line_that_cannot_be_read_does_not_harm_its_neighbours(tmp_path: Path):
    lines = {
        b'{"a":"\\ud800"}': HALF_CHARACTER, b'{"a":"\xff"}': NOT_UTF8, b" \t": BLANK, b"": BLANK,
        b"\xc2\xa0": NOT_AN_OBJECT, b"[1]": NOT_AN_OBJECT, b'{"a":{"$date":"--5"}}': None, b'{"a":1}': None,
    }  # fmt: skip
    (tmp_path / "a.jsonl").write_bytes(b'\r\n{"a":0}\n'.join(lines) + b'\r\n{"a":0}\n')
    (batch,) = read_batches(tmp_path / "a.jsonl", "jsonl", PRESETS["mongoexport"], COLUMNS[:1])
    rows = batch.to_pylist()
    assert [row["_fault"] for row in rows[::2]] == list(lines.values())
    assert [row["0"] for row in rows[::2]] == [None] * 6 + ["--5", "1"]
    assert [row["0"] for row in rows[1::2]] == ["0"] * len(lines)
    assert [row["_raw"] for row in rows[::2]] == [line.decode("utf-8", "replace") for line in lines]
