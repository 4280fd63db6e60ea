"""A review as Markdown, for the description of a version in MLflow."""

import re
from collections.abc import Iterator, Sequence

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
from registry.review_page.verdict import NEEDS_APPROVAL
from stack.markdown import MAX_DESCRIPTION, escape, shorten, table

#: longest sentence of a person on the page; the ledger stores all of it.
LONGEST_SENTENCE = 600
REST = "The rest is in the whole review.\n"
#: beginnings of a description that requests an approval; the second one is of an earlier release.
REQUESTS = (f"**{NEEDS_APPROVAL}", "**WAITS FOR APPROVAL")
#: block with the commands of a reviewer.
COMMANDS = re.compile(r"\n```\nmlflow run [^`]* -e approve [^`]*```\n")


def as_markdown(page: Page, file: str, address: str | None) -> str:
    """At most `MAX_DESCRIPTION` characters: all sections in full, or in their short form, or without the last ones.

    Args:
        page: content.
        file: artifact path of the whole review.
        address: of that file in the MLflow UI; None if it is not known.
    """
    whole = f"[{escape(file)}]({address})" if address else f"`{file}` of the promotion's run"
    cards = "The model card is `model_card.md` of the source run."
    head = f"**{escape(page.verdict)}**\n\nThe whole review, with pictures: {whole}. {cards}\n"
    lead = "".join(f"\n{text}\n" for text in _blocks(page.lead))
    full, brief = (
        head + lead + "".join(_section(section, short) for section in page.sections) for short in (False, True)
    )
    return full if len(full) <= MAX_DESCRIPTION else shorten(brief, MAX_DESCRIPTION, REST)


def with_outcome(description: str, sentence: str) -> str:
    """A description with the current state of the version on top, at most `MAX_DESCRIPTION` characters.

    A repeated sentence is written once. An earlier state remains as plain text below; the request for an approval and
    its commands are removed.

    Args:
        description: current Markdown.
        sentence: who did what, when and why, in plain text.
    """
    short = sentence if len(sentence) <= LONGEST_SENTENCE else sentence[:LONGEST_SENTENCE] + " …"
    line = f"**{escape(short)}**\n\n"
    return (
        description if description.startswith(line) else shorten(line + _as_history(description), MAX_DESCRIPTION, REST)
    )


def _as_history(description: str) -> str:
    """The description without its earlier state: no request for an approval, no commands, nothing in bold."""
    state, gap, rest = description.partition("\n\n")
    if state.startswith(REQUESTS):
        return COMMANDS.sub("", rest, count=1)
    return f"{state.removeprefix('**').removesuffix('**')}{gap}{rest}"


def _section(section: Section, short: bool) -> str:
    blocks = section.brief if short and section.brief is not None else section.blocks
    shown = [block for block in blocks if not isinstance(block, Picture)]
    ends = (
        "\n&ensp;\n" if isinstance(shown[-1], TableBlock) else ""
    )  # MLflow leaves no room between a table and a heading
    return "".join([f"\n## {escape(section.title)}\n", *(f"\n{text}\n" for text in _blocks(blocks)), ends])


def _blocks(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Text(text):
                yield escape(text)
            case Items(items):
                yield "\n".join(f"- {escape(item)}" for item in items)
            case Command(lines):
                yield "\n".join(["```", *(" ".join(line.split()) for line in lines), "```"])
            case TableBlock(heads, rows):
                yield "\n".join(
                    table([escape(head) for head in heads], [[_cell(cell) for cell in row] for row in rows])
                )
            case Picture():
                pass  # a description has no pictures


def _cell(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "**NO**"
    return escape(cell)
