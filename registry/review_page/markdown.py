"""A review as Markdown: what MLflow shows as a version's description."""

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
from stack.markdown import LONGEST, cut, escape, table

#: what it shows of one sentence of a person; the ledger holds all of it.
LONGEST_SENTENCE = 600
REST = "The rest is in the whole review.\n"
#: the commands with which a reviewer decides.
COMMANDS = re.compile(r"\n```\nmlflow run [^`]* -e approve [^`]*```\n")


def as_markdown(page: Page, file: str, address: str | None) -> str:
    """At most `LONGEST` characters: in full, else with the short form of its sections, else without the last ones.

    Args:
        page: what is told.
        file: name of the whole review.
        address: where the MLflow UI shows it; None where that is not known.
    """
    whole = f"[{escape(file)}]({address})" if address else f"`{file}` of the promotion's run"
    cards = "The model's card is `model_card.md` of its source run."
    head = f"**{escape(page.verdict)}**\n\nThe whole review, with pictures: {whole}. {cards}\n"
    lead = "".join(f"\n{text}\n" for text in _blocks(page.lead))
    full, brief = (
        head + lead + "".join(_section(section, short) for section in page.sections) for short in (False, True)
    )
    return full if len(full) <= LONGEST else cut(brief, LONGEST, REST)


def with_outcome(description: str, sentence: str) -> str:
    """A description with the current state of the version on top, at most `LONGEST` characters.

    The same sentence twice is written once. An earlier state stays as plain text below; a wait for approval and its
    commands are removed, because nothing waits any more.

    Args:
        description: Markdown as it is.
        sentence: who did what, when and why, in plain text.
    """
    short = sentence if len(sentence) <= LONGEST_SENTENCE else sentence[:LONGEST_SENTENCE] + " …"
    line = f"**{escape(short)}**\n\n"
    return description if description.startswith(line) else cut(line + _as_history(description), LONGEST, REST)


def _as_history(description: str) -> str:
    """The description without the state it was in: no wait for approval, no commands, no earlier state in bold."""
    state, gap, rest = description.partition("\n\n")
    if state.startswith("**WAITS FOR APPROVAL"):
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
                pass  # a description cannot hold one


def _cell(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "**NO**"
    return escape(cell)
