"""The gate's answer, what is waited for, and every check."""

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
    dig,
    number,
)
from registry.review_page.contenders import called
from registry.versions.versions import Contenders

#: checks whose sentence is told where there is little room, too: they say what was not asked.
SAID = ("validation", "first")


def verdict(contenders: Contenders, decision: Decision, waits: bool) -> str:
    """What the gate says and what is waited for, in one paragraph; `waits`: whether a person has to approve it."""
    challenger, production = contenders.challenger, contenders.production
    what = f"{called(challenger)} of {challenger.model} by policy version {decision.policy_version}"
    if not decision.accepted:
        stays = "Nothing is in production" if production is None else f"Production stays {called(production)}"
        return f"REFUSED: the gate refuses {what}; {_failed(decision)}. {stays}, and nothing is waited for."
    instead = "as the first in production" if production is None else f"in place of {called(production)}"
    if waits:
        author = challenger.author or "its author, who is not known"
        return f"WAITS FOR APPROVAL: the gate accepts {what} {instead}; somebody other than {author} has to decide."
    return f"ACCEPTED: the gate accepts {what} {instead}; nothing is waited for."


def first_only(contenders: Contenders) -> list[Block]:
    """That nothing could be compared, where that is so."""
    if contenders.production is not None:
        return []
    return [
        Text("First version: no other was in production when it was judged, so it was judged by its own figures alone.")
    ]


def to_decide(contenders: Contenders, decision: Decision, waits: bool, together: bool) -> list[Block]:
    """The commands of a reviewer, to be filled in with a name and a reason; none where nothing is waited for.

    Models that are released `together` are decided on together.
    """
    if not waits or not decision.accepted:
        return []
    proof = contenders.challenger.evidence
    told = {"project": dig(proof, "project"), "population": "all" if together else dig(proof, "population")}
    where = " ".join(f"-P {key}={_word(value, key)}" for key, value in told.items())
    return [Command([f"mlflow run . --env-manager local -e {act} {where} -P name=YOU -P reason='WHY'"
                     for act in ("approve", "reject")])]  # fmt: skip


def checks(decision: Decision) -> Section:
    """Each check with value and bound; where there is little room, sentences only of those not passed."""
    full = [_row(one, one.sentence) for one in decision.checks]
    brief = [_row(one, one.sentence if one.name in SAID or not one.passed else "") for one in decision.checks]
    heads = ["check", "value", "bound", "passed", ""]
    return Section("Checks of the gate", [TableBlock(heads, full)], [TableBlock(heads, brief)])


def _row(check: Check, sentence: str) -> list[Cell]:
    return [check.name, _short(check.value), _short(check.bound), check.passed, sentence]


def _failed(decision: Decision) -> str:
    failed = [one.name for one in decision.checks if not one.passed]
    return f"{len(failed)} of {_counted(decision.checks)} not passed ({', '.join(failed)})"


def _counted(asked: Sequence[Check]) -> str:
    return f"{len(asked)} check{'' if len(asked) == 1 else 's'}"


def _short(value: float | None) -> str:
    """A number with no more digits than a check is decided by."""
    found = number(value)
    if found is None:
        return ""
    if (found.is_integer() or abs(found) >= 1000) and abs(found) < 1e15:
        return f"{found:,.0f}"
    told = f"{found:.4g}"
    return f"{found:.7f}".rstrip("0") if "e-05" in told or "e-06" in told else told


def _word(value: object, name: str) -> str:
    """A value that a shell takes as it is; else its name in capitals, to be filled in."""
    return str(value) if re.fullmatch(r"\w[\w.-]*", str(value or "")) else name.upper()
