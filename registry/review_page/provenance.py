"""On what a version stands: its reasons, its checks for leaks, who made it, and what an approval is bound to."""

from collections.abc import Mapping

from registry.gate.gate import Decision
from registry.review_page.blocks import (
    HASH,
    Cell,
    Section,
    TableBlock,
    Text,
    number,
    rows_of,
    share,
    words,
)
from registry.review_page.contenders import both, called
from registry.versions.versions import Contenders, Version


def reasons(contenders: Contenders) -> Section | None:
    """What moves the score, now and before."""
    now, before = (_shares(one) for one in (contenders.challenger, contenders.production))
    if not now:
        return None
    heads, names = ["share of what moves the score", "now"], dict.fromkeys([*now, *before])
    if not before:
        return Section("Reasons", [TableBlock(heads, [[name, share(now[name])] for name in names])])
    rows = [
        [name, share(now.get(name, 0.0)), share(before.get(name, 0.0)), _points(now, before, name)] for name in names
    ]
    return Section("Reasons", [TableBlock([*heads, "before", "points more"], rows)])


def _shares(version: Version | None) -> dict[str, float]:
    told = rows_of(version.evidence, "reasons") if version else []
    return {str(one.get("reason")): found for one in told if (found := number(one.get("share"))) is not None}


def _points(now: Mapping[str, float], before: Mapping[str, float], reason: str) -> str:
    return f"{100 * (now.get(reason, 0.0) - before.get(reason, 0.0)):+.1f}"


def leaks(contenders: Contenders) -> Section | None:
    """What each check for leaks found."""
    told: list[list[Cell]] = [
        [words(one.get("check")), one.get("passed") is True, words(one.get("sentence"))]
        for one in rows_of(contenders.challenger.evidence, "leaks")
    ]
    return Section("Checks for leaks", [TableBlock(["check", "passed", ""], told)]) if told else None


def bound(contenders: Contenders, decision: Decision) -> Section:
    """Who made what is judged, and what an approval stands and falls with."""
    versions = both(contenders)
    inputs = (
        ("author", [words(one.author) for one in versions]),
        ("run", [words(one.run_id) for one in versions]),
        ("evidence, sha256", [words(one.evidence_sha256)[:HASH] for one in versions]),
        ("model files, sha256", [words(one.files_sha256)[:HASH] for one in versions]),
    )
    told = (
        f"An approval is of exactly this, by policy version {decision.policy_version}. It is void once either version, "
        "its evidence, its files or the policy is another. The author of a version cannot approve it."
    )
    table = TableBlock(["", *(called(one) for one in versions)], [[name, *values] for name, values in inputs])
    return Section("Who, and what an approval is bound to", [Text(told), table])
