"""Check that the evidence belongs to the challenger: to its run, files, project and population."""

from collections.abc import Iterator, Mapping
from typing import Any

from registry.gate.checks import Check
from registry.versions.versions import Version

#: fields that evidence of an earlier release does not have.
REQUIRED = ("run_id", "bundle_sha256", "project", "population")


def origin(version: Version, measured: Mapping[str, Any] | None) -> Iterator[Check]:
    """The check `origin`; none without evidence, which the gate itself refuses.

    Args:
        version: the challenger.
        measured: measurements of the promotion, which contain project and population; None if there are none.
    """
    if version.evidence is None:
        return
    problems = list(_problems(version, version.evidence, measured))
    sound = "The evidence is of this version: same run, files, project and population."
    yield Check("origin", not problems, len(problems), 0, " ".join(problems) or sound)


def _problems(
    version: Version, evidence: Mapping[str, Any], measured: Mapping[str, Any] | None
) -> Iterator[str]:  # fmt: skip
    missing = [name for name in REQUIRED if not isinstance(evidence.get(name), str)]
    if missing:
        yield (
            f"The evidence of version {version.number} lacks {', '.join(missing)}; an earlier release wrote it: train "
            "again."
        )
        return
    if evidence["run_id"] != version.run_id:
        yield (
            f"The evidence is of run {evidence['run_id']}, but version {version.number} is of run {version.run_id}: "
            "train again."
        )
    if evidence["bundle_sha256"] != version.bundle_sha256:
        yield (
            f"The evidence is of model files with SHA-256 {evidence['bundle_sha256'][:12]}, but version "
            f"{version.number} has {(version.bundle_sha256 or 'none')[:12]}: train again."
        )
    for name in ("project", "population"):
        yield from _different(name, evidence[name], "its model card", version.provenance)
        if measured is not None:
            yield from _different(name, evidence[name], "this promotion", measured)


def _different(name: str, named: str, whose: str, other_source: Mapping[str, Any] | None) -> Iterator[str]:
    other = (other_source or {}).get(name)
    if other != named:
        yield f"The evidence is of the {name} {named!r}, but {whose} is of {other!r}: train again."
