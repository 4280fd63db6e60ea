"""A page as one HTML file without scripts and links; pictures are embedded."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path

from registry.review_page.blocks import (
    Block,
    Cell,
    Command,
    Items,
    Page,
    Picture,
    Section,
    TableBlock,
    Text,
)

STYLE = Path(__file__).with_name("page.css")
#: a browser loads no other file and runs no script, whatever the page contains.
CONTENT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def as_html(page: Page) -> str:
    """The whole page."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(page.kind)}: {escape(page.title)}</title>",
            f"<style>\n{STYLE.read_text()}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>{escape(page.kind)}: {escape(page.title)}</h1>",
            f'<p class="verdict {"accepted" if page.good else "refused"}">{escape(page.verdict)}</p>',
            *(_block(block) for block in page.lead),
            *(_section(section) for section in page.sections),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _section(section: Section) -> str:
    return "\n".join(["<section>", f"<h2>{escape(section.title)}</h2>", *map(_block, section.blocks), "</section>"])


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return f"<p>{escape(text)}</p>"
        case Items(items):
            return "\n".join(["<ul>", *(f"<li>{escape(item)}</li>" for item in items), "</ul>"])
        case Command(lines):
            return "<pre>" + escape("\n".join(" ".join(line.split()) for line in lines)) + "</pre>"
        case TableBlock(heads, rows):
            return _table(heads, rows)
        case Picture(caption, png):
            source = f"data:image/png;base64,{b64encode(png).decode()}"
            text = escape(caption)
            return f'<figure><img src="{source}" alt="{text}"><figcaption>{text}</figcaption></figure>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table; a last column without a head holds sentences, which a narrow screen shows below their row."""
    kind = ' class="sentences"' if heads[-1] == "" else ""
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in heads)
    return "\n".join(
        [
            f'<div class="wide"><table{kind}>',
            f"<thead><tr>{head}</tr></thead>",
            "<tbody>",
            *(f"<tr>{_row(cells)}</tr>" for cells in rows),
            "</tbody>",
            "</table></div>",
        ]
    )


def _row(cells: Sequence[Cell]) -> str:
    first, *others = cells
    return f'<th scope="row">{escape(str(first))}</th>' + "".join(map(_cell, others))


def _cell(cell: Cell) -> str:
    if isinstance(cell, bool):
        return f'<td class="{"yes" if cell else "no"}">{"yes" if cell else "NO"}</td>'
    return f"<td>{escape(cell)}</td>"
