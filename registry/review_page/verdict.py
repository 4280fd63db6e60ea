"""The gate's decision, the next step, and all checks."""

import re
from collections.abc import Sequence

from registry.gate.gate import Check, Decision
from registry.review_page.blocks import (
    Block,
    Cell,
    Command,
    Section,
    TableBlock,
    Text,
    finite_number,
    get_nested,
)
from registry.review_page.contenders import column_title
from registry.versions.versions import Contenders

#: beginning of the verdict on a version that needs an approval.
NEEDS_APPROVAL = "APPROVAL NEEDED"
#: checks whose sentence the short form shows too: it says which comparison is missing.
ALWAYS_EXPLAINED = ("validation", "first")


def verdict(contenders: Contenders, decision: Decision, needs_approval: bool) -> str:
    """The gate's decision and the next step, in one paragraph."""
    challenger, production = contenders.challenger, contenders.production
    subject = f"{column_title(challenger)} of {challenger.model} by policy version {decision.policy_version}"
    if not decision.accepted:
        current = "No version" if production is None else f"V{column_title(production)[1:]}"
        stays = "is in production" if production is None else "stays in production"
        return f"REFUSED: the gate refuses {subject}; {_failed(decision)}. {current} {stays}."
    place = "as the first in production" if production is None else f"in place of {column_title(production)}"
    if needs_approval:
        author = challenger.author or "its author, who is not known,"
        return f"{NEEDS_APPROVAL}: the gate accepts {subject} {place}; somebody other than {author} must decide."
    return f"ACCEPTED: the gate accepts {subject} {place}."


def first_version_note(contenders: Contenders) -> list[Block]:
    """That nothing could be compared, for a first version."""
    if contenders.production is not None:
        return []
    return [Text("First version: nothing was in production, so it was judged by its own metrics alone.")]


def review_commands(
    contenders: Contenders, decision: Decision, needs_approval: bool, together: bool
) -> list[Block]:  # fmt: skip
    """Commands of a reviewer, to be completed with name and reason; none without a review.

    One command decides on all models of a release (`together`).
    """
    if not needs_approval or not decision.accepted:
        return []
    evidence = contenders.challenger.evidence
    values = {
        "project": get_nested(evidence, "project"),
        "population": "all" if together else get_nested(evidence, "population"),
    }
    parameters = " ".join(f"-P {name}={_shell_word(value, name)}" for name, value in values.items())
    lines = [
        f"mlflow run . --env-manager local -e {act} {parameters} -P name=YOU -P reason='WHY'"
        for act in ("approve", "reject")
    ]
    return [Command(lines)]


def checks_section(decision: Decision) -> Section:
    """Each check with value and bound; the short form has only the sentences of failed checks."""
    full = [_row(check, check.sentence) for check in decision.checks]
    brief = [
        _row(check, check.sentence if check.name in ALWAYS_EXPLAINED or not check.passed else "")
        for check in decision.checks
    ]
    heads = ["check", "value", "bound", "passed", ""]
    return Section("Checks of the gate", [TableBlock(heads, full)], [TableBlock(heads, brief)])


def _row(check: Check, sentence: str) -> list[Cell]:
    return [check.name, _format_number(check.value), _format_number(check.bound), check.passed, sentence]


def _failed(decision: Decision) -> str:
    failed = [check.name for check in decision.checks if not check.passed]
    return f"{len(failed)} of {_count(decision.checks)} failed ({', '.join(failed)})"


def _count(checks: Sequence[Check]) -> str:
    return f"{len(checks)} check{'' if len(checks) == 1 else 's'}"


def _format_number(value: float | None) -> str:
    """A number with four significant digits; empty if there is none."""
    number = finite_number(value)
    if number is None:
        return ""
    if (number.is_integer() or abs(number) >= 1000) and abs(number) < 1e15:
        return f"{number:,.0f}"
    text = f"{number:.4g}"
    return f"{number:.7f}".rstrip("0") if "e-05" in text or "e-06" in text else text


def _shell_word(value: object, name: str) -> str:
    """A value that needs no quotes in a shell; otherwise its name in capitals, as a placeholder."""
    return str(value) if re.fullmatch(r"\w[\w.-]*", str(value or "")) else name.upper()
