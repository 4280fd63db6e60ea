"""Deciles agree with SQL's ntile, and the bytes of rows are PostgreSQL's."""

from datetime import UTC, date, datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from serving.copy_rows import RowEncoder, rank_deciles

QUERY = "select ntile(10) over (order by probability, key) as decile from rows order by place"


@pytest.mark.parametrize("count", [0, 1, 3, 10, 11, 999])
@pytest.mark.parametrize("values", [1, 4, 10_000], ids=["one probability", "four probabilities", "hardly any ties"])
@pytest.mark.parametrize("kind", ["int64", "string"])
def test_deciles_are_those_of_sql(count: int, values: int, kind: str):
    draw = np.random.default_rng(count + values)
    probability = draw.integers(0, values, count) / values
    numbers = pa.array(draw.permutation(count) - count // 2)
    keys = numbers if kind == "int64" else pa.array([f"{key}é😀'\"" for key in numbers.to_pylist()], pa.string())
    rows = pa.table({"probability": probability, "key": keys, "place": np.arange(count)})
    with duckdb.connect() as duck:
        duck.register("rows", rows)
        expected = [decile for (decile,) in duck.execute(QUERY).fetchall()]
    assert rank_deciles(probability, lambda: pa.chunked_array([keys])).tolist() == expected


def test_the_bytes_of_a_row_are_those_of_the_format():
    encoder = RowEncoder(
        "id", date(2000, 1, 2), "é", ("m", "1"), date(1999, 12, 31), datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC)
    )
    rows = pa.table(
        {
            "id": pa.array([7], pa.int64()), "churn_probability": [0.5], "reason_1": ["😀"],
            "reason_2": pa.array([None], pa.string()), "reason_3": [""],
        }
    )  # fmt: skip
    expected = bytes.fromhex(
        "000c" "00000004" "00000001" "00000002" "c3a9" "00000001" "6d" "00000001" "31" "00000004" "ffffffff"
        "00000008" "00000000000f4240" "00000008" "3fe0000000000000" "00000002" "000a" "00000008" "0000000000000007"
        "00000004" "f09f9880" "ffffffff" "00000000"
    )  # fmt: skip
    assert encoder.encode(rows, np.array([10], dtype=np.int16)).to_pybytes() == expected
    assert encoder.encode(rows.slice(0, 0), np.empty(0, dtype=np.int16)).to_pybytes() == b""
