"""A source with every type, and raw files of it."""

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lake import Column, Source
from stack.engines.duckdb_engine import DuckEngine

ORDERS = Source(
    name="orders",
    files="orders*.csv*",
    entity="user_id",
    event_time="day",
    columns=(
        Column("user_id", "bigint", "who", lowest=1),
        Column("day", "date", "when"),
        Column("seen", "timestamp", "when we knew", nullable=True),
        Column("price", "double", "how much", lowest=0),
        Column("note", "string", "what was said", nullable=True),
    ),
    max_quarantined=0.5,
)
HEADER = "user_id,day,seen,price,note"


def write(raw: Path, *lines: str, name: str = "orders.csv", header: str = HEADER) -> Path:
    """A raw file with these lines, packed if it is called so; returns the folder."""
    raw.mkdir(parents=True, exist_ok=True)
    content = "".join(f"{line}\n" for line in (header, *lines)).encode()
    (raw / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return raw


def line(number: int = 1, **fields: Any) -> str:
    """A sound row as text, with some fields replaced."""
    values = {"user_id": number, "day": f"1997-01-{number:02}", "seen": "", "price": f"{number}.5", "note": "x"}
    return ",".join(str(value) for value in {**values, **fields}.values())


def sentence(error: BaseException) -> str:
    """The error's text, which must be one sentence."""
    text = str(error)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def rows_of(folders: Iterable[Path], columns: str = "*") -> list[dict[str, Any]]:
    """The rows of some folders of Parquet files in the order of their values, moments in UTC."""
    engine = DuckEngine("UTC", threads=1)
    engine.show_files("files", list(folders))
    engine.show("selected", f"select {columns} from files")
    names = engine.columns("selected")
    order = ", ".join(f"`{name}`" for name in names if not name.startswith("_"))  # hashes say nothing
    return [dict(zip(names, row, strict=True)) for row in engine.rows(f"select * from selected order by {order}")]
