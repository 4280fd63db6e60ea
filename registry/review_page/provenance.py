"""Reasons, leakage checks, authors, and the digests that an approval is valid for."""

from collections.abc import Mapping

from registry.gate.gate import Decision
from registry.review_page.blocks import (
    HASH,
    Cell,
    Section,
    TableBlock,
    Text,
    finite_number,
    format_share,
    format_value,
    mappings_at,
)
from registry.review_page.contenders import column_title, versions_of
from registry.versions.versions import Contenders, Version


def reasons_section(contenders: Contenders) -> Section | None:
    """Share of each reason in the score, now and before."""
    now, before = (_reason_shares(version) for version in (contenders.challenger, contenders.production))
    if not now:
        return None
    heads, names = ["share of the score's variation", "now"], dict.fromkeys([*now, *before])
    if not before:
        return Section("Reasons", [TableBlock(heads, [[name, format_share(now[name])] for name in names])])
    rows = [
        [name, format_share(now.get(name, 0.0)), format_share(before.get(name, 0.0)), _points(now, before, name)]
        for name in names
    ]
    return Section("Reasons", [TableBlock([*heads, "before", "percentage points"], rows)])


def _reason_shares(version: Version | None) -> dict[str, float]:
    shares = mappings_at(version.evidence, "reasons") if version else []
    return {
        str(reason.get("reason")): share
        for reason in shares
        if (share := finite_number(reason.get("share"))) is not None
    }  # fmt: skip


def _points(now: Mapping[str, float], before: Mapping[str, float], reason: str) -> str:
    return f"{100 * (now.get(reason, 0.0) - before.get(reason, 0.0)):+.1f}"


def leakage_section(contenders: Contenders) -> Section | None:
    """Result of each leakage check."""
    rows: list[list[Cell]] = [
        [format_value(leak.get("check")), leak.get("passed") is True, format_value(leak.get("sentence"))]
        for leak in mappings_at(contenders.challenger.evidence, "leaks")
    ]
    return Section("Leakage checks", [TableBlock(["check", "passed", ""], rows)]) if rows else None


def approval_section(contenders: Contenders, decision: Decision) -> Section:
    """Authors of the versions, and the digests that an approval is valid for."""
    versions = versions_of(contenders)
    facts = (
        ("author", [format_value(version.author) for version in versions]),
        ("run", [format_value(version.run_id) for version in versions]),
        ("evidence, sha256", [format_value(version.evidence_sha256)[:HASH] for version in versions]),
        ("model files, sha256", [format_value(version.files_sha256)[:HASH] for version in versions]),
    )
    text = Text(
        f"An approval is valid for exactly these versions, evidence and files, and for policy version "
        f"{decision.policy_version}. It is void once one of them changes. The author of a version cannot approve it."
    )
    table = TableBlock(["", *(column_title(version) for version in versions)], [[name, *row] for name, row in facts])
    return Section("Author and approval", [text, table])
