"""Files that stop the step: nothing of their source is published, and the sentence says what to do."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.spark.lake.corpus.exports import BATCH, header, put, put_plays, row, text

SOUND = text(header("payments"), row("payments"))
LONG = text(header("payments"), *[row("payments", payment_id=f"p{n}") for n in range(4000)])


@dataclass(frozen=True)
class Stop:
    """A raw folder that cannot be taken.

    `reads` is whether Spark has to read to find out.
    """

    what: str
    source: str
    make: Callable[[Path], object]
    message: str
    reads: bool = False


def _damaged(raw: Path) -> None:
    packed = bytearray(gzip.compress(LONG, mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    path = put(raw, "payments", b"", packed=True)
    path.write_bytes(bytes(packed))


def _shorten(raw: Path) -> None:
    path = put(raw, "payments", LONG, packed=True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _cut_parquet(raw: Path) -> None:
    path = put_plays(raw, {})
    path.write_bytes(path.read_bytes()[:-20])


def _damaged_parquet(raw: Path) -> None:
    path = put_plays(raw, *({"event_id": number} for number in range(5000)))
    content = bytearray(path.read_bytes())
    content[4:2000] = b"\xff" * 1996
    path.write_bytes(bytes(content))


def _truth(raw: Path) -> None:
    put(raw, "payments", SOUND)
    (raw / "TRUTH").touch()


def _truth_below(raw: Path) -> None:
    put(raw, "payments", SOUND)
    (raw / "truth").mkdir()
    (raw / "truth" / "TRUTH").touch()


def _without(column: str) -> bytes:
    names = header("payments").split(",")
    places = [place for place, name in enumerate(names) if name != column]
    return text(
        *[",".join(line.split(",")[place] for place in places) for line in (header("payments"), row("payments"))]
    )


STOPS = (
    Stop(
        "the header of another table",
        "payments",
        lambda raw: put(raw, "payments", text("id,total", "1,2")),
        r"column payment_id, user_id, .* is missing; it has id, total",
    ),
    Stop(
        "a missing column", "payments", lambda raw: put(raw, "payments", _without("amount")), "column amount is missing"
    ),
    Stop(
        "one column twice",
        "payments",
        lambda raw: put(raw, "payments", text(header("payments") + ",amount", row("payments") + ",1")),
        "column amount is there twice",
    ),
    Stop(
        "semicolons for commas",
        "payments",
        lambda raw: put(raw, "payments", SOUND.replace(b",", b";")),
        "its fields are separated by semicolons",
    ),
    Stop(
        "tabs for commas",
        "payments",
        lambda raw: put(raw, "payments", SOUND.replace(b",", b"\t")),
        "its fields are separated by tabs",
    ),
    Stop(
        "commas for tabs",
        "hits",
        lambda raw: put(raw, "hits", text(header("hits").replace("\t", ","))),
        "its fields are separated by commas",
    ),
    Stop("an empty file", "payments", lambda raw: put(raw, "payments", b""), r"payments\.csv is empty"),
    Stop(
        "an empty archive",
        "payments",
        lambda raw: put(raw, "payments", b"", packed=True),
        r"payments\.csv\.gz is empty",
    ),
    Stop("a file of empty lines", "payments", lambda raw: put(raw, "payments", b"\n\n\n"), "is empty"),
    Stop("UTF-16", "payments", lambda raw: put(raw, "payments", SOUND.decode().encode("utf-16")), "is not UTF-8"),
    Stop(
        "a plain file named .gz",
        "payments",
        lambda raw: put(raw, "payments", b"", packed=True).write_bytes(SOUND),
        "cannot be read",
    ),
    Stop(
        "an archive that ends in its header",
        "payments",
        lambda raw: put(raw, "payments", b"", packed=True).write_bytes(gzip.compress(SOUND)[:12]),
        "cannot be read",
    ),
    Stop("half an archive", "payments", _shorten, r"payments\.csv\.gz cannot be read", reads=True),
    Stop("an archive with a wrong byte", "payments", _damaged, r"payments\.csv\.gz cannot be read", reads=True),
    Stop("text named .parquet", "viewing", lambda raw: put(raw, "viewing", SOUND), "is not a Parquet file"),
    Stop("truncated Parquet", "viewing", _cut_parquet, "is not a Parquet file"),
    Stop(
        "Parquet without a column",
        "viewing",
        lambda raw: put_plays(raw, {}, watched_s=None),
        "column watched_s is missing",
    ),
    Stop(
        "Parquet with wrong bytes",
        "viewing",
        _damaged_parquet,
        r"player\.parquet cannot be read to its",
        reads=True,
    ),
    Stop(
        "only rows that contradict each other",
        "payments",
        lambda raw: put(raw, "payments", text(header("payments"), row("payments"), row("payments", amount="1"))),
        r"2 of 2 rows contradict another row of their batch with the same payment_id, at most 1\.0% may",
        reads=True,
    ),
    Stop(
        "a folder with the name of the file",
        "payments",
        lambda raw: (raw / BATCH / "payments.csv").mkdir(parents=True),
        "it is a folder",
    ),
    Stop(
        "a batch of the future",
        "payments",
        lambda raw: put(raw, "payments", SOUND, batch="2031-01-01"),
        "from the future: its batch 2031-01-01 is later than today",
    ),
    Stop(
        "a folder whose name is no date",
        "payments",
        lambda raw: put(raw, "payments", SOUND, batch="march"),
        "is in no batch",
    ),
    Stop(
        "a folder of a day that does not exist",
        "payments",
        lambda raw: put(raw, "payments", SOUND, batch="2026-02-30"),
        "is in no batch",
    ),
    Stop("no file of the source", "payments", lambda raw: put(raw, "profiles", b"x"), "no file in .* is named like"),
    Stop("no folder", "payments", lambda raw: raw.rmdir(), "does not exist"),
    Stop("the truth of a simulation", "payments", _truth, "holds the truth of a simulation"),
    Stop("the truth of a simulation, in a subfolder", "payments", _truth_below, "holds the truth of a simulation"),
    Stop(
        "a header without rows",
        "payments",
        lambda raw: put(raw, "payments", text(header("payments"))),
        "a header and no row",
        reads=True,
    ),
    Stop(
        "more invalid rows than allowed",
        "payments",
        lambda raw: put(raw, "payments", text(header("payments"), row("payments"), row("payments", amount="much"))),
        r"1 of 2 rows \(50\.0%\) cannot be used, at most 1\.0% may",
        reads=True,
    ),
)
