"""The corpus in words: `python -m tests.spark.lake.corpus.page > docs/broken-files.md`."""

import sys

from tests.spark.lake.corpus.rows import DUPLICATE, KEPT, NO_ROW, PLAYS, TEXTS
from tests.spark.lake.corpus.stops import STOPS

WORDS = {KEPT: "kept", DUPLICATE: "counted as a duplicate", NO_ROW: "no row"}
#: told in tests of their own.
FILES = (
    ("a byte order mark", "kept"),
    ("lines that end with CRLF", "kept"),
    ("other order of columns, and one more", "kept; the further column is not taken"),
    ("no line end at the end", "kept"),
    ("a header and no row, beside drops with rows", "taken, 0 rows"),
    ("the same drop again", "not taken again"),
    ("the same drop under another day", "rows counted as duplicates"),
    ("the same bytes twice, where rows have no key", "stops"),
    ("a corrected drop", "its rows replace those it had before, in whatever month they are"),
    ("a drop that is no longer there", "its rows stay"),
    ("a file that changes while it is read", "stops"),
)


def render() -> str:
    """Markdown."""
    lines = [
        "# Broken files",
        "",
        "Each of these is a test (`tests/spark/lake/corpus`). Always: rows in = rows kept + duplicates + quarantined.",
        "What is put aside lies in `<lake>/<project>/quarantine/<source>/` with file, position, text and reason.",
        "",
        "## What stops the step",
        "",
        "Nothing of the source is published; the exit code is 2.",
        "",
        "| file | source |",
        "|---|---|",
        *[f"| {case.what} | {case.source} |" for case in STOPS],
        "",
        "## Whole files",
        "",
        "| file | becomes |",
        "|---|---|",
        *[f"| {what} | {becomes} |" for what, becomes in FILES],
        "",
        "## Rows",
        "",
        "| source | row | becomes |",
        "|---|---|---|",
    ]
    rows = [(source, line.what, line.becomes) for source, of in TEXTS.items() for line in of]
    rows += [("viewing", what, becomes) for what, becomes, _ in PLAYS]
    for source, what, becomes in rows:
        lines.append(f"| {source} | {what} | {WORDS.get(becomes) or f'put aside: «{becomes.strip()} …»'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
