"""Write the page of broken files: `python -m tests.spark.lake.corpus.page > docs/broken-files.md`."""

import sys

from tests.spark.lake.corpus.formats import FORMATS, KINDS
from tests.spark.lake.corpus.rows import DUPLICATE, KEPT, NO_ROW, PLAYS, TEXTS
from tests.spark.lake.corpus.stops import STOPS

WORDS = {KEPT: "kept", DUPLICATE: "counted as a duplicate", NO_ROW: "no row"}
#: each is a test of its own.
FILES = (
    ("a byte order mark", "kept"),
    ("lines that end with CRLF", "kept"),
    ("another order of columns, and an additional column", "kept; the additional column is ignored"),
    ("no line end at the end", "kept"),
    ("a header without rows, beside batches with rows", "ingested, 0 rows"),
    ("the same batch again", "skipped"),
    ("the same batch under another day", "rows counted as duplicates"),
    ("the same bytes twice, where rows have no key", "stops"),
    ("a corrected batch", "its rows replace those of the earlier file, in every month"),
    ("a removed batch", "its rows stay"),
    ("a file that changes while it is read", "stops"),
)


def render() -> str:
    """The page as Markdown."""
    lines = [
        "# Broken files",
        "",
        "Each case is a test (`tests/spark/lake/corpus`). Rows in = rows kept + duplicates + quarantined.",
        "Quarantined rows are in `<lake>/<project>/quarantine/<source>/` with file, position, text and reason.",
        "",
        "## Files that stop the step",
        "",
        "The table of the source does not change; the exit code is 2.",
        "",
        "| file | source |",
        "|---|---|",
        *[f"| {case.what} | {case.source} |" for case in STOPS],
        "",
        "## Whole files",
        "",
        "| file | result |",
        "|---|---|",
        *[f"| {what} | {becomes} |" for what, becomes in FILES],
        "",
        "## Rows",
        "",
        "| source | row | result |",
        "|---|---|---|",
    ]
    rows = [(source, line.what, line.becomes) for source, lines_of_source in TEXTS.items() for line in lines_of_source]
    rows += [("viewing", what, becomes) for what, becomes, _ in PLAYS]
    for source, what, becomes in rows:
        lines.append(f"| {source} | {what} | {_result(becomes)} |")
    lines += [
        "",
        "## The same rows in every format",
        "",
        f"On both engines, and in each of {', '.join(FORMATS)}:",
        "",
        "| row | result |",
        "|---|---|",
        *[f"| {kind.what} | {_result(kind.becomes)} |" for kind in KINDS],
    ]
    return "\n".join(lines) + "\n"


def _result(becomes: str) -> str:
    return WORDS.get(becomes) or f"quarantined: «{becomes.strip()} …»"


if __name__ == "__main__":
    sys.stdout.write(render())
