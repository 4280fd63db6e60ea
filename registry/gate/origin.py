"""Whether the evidence of a challenger is its own: of its run, its files, its project and its population."""

from collections.abc import Iterator, Mapping
from typing import Any

from registry.gate.checks import Check
from registry.versions.versions import Version

#: what evidence of an earlier release does not say.
NAMED = ("run_id", "bundle_sha256", "project", "population")


def origin(version: Version, measured: Mapping[str, Any] | None) -> Iterator[Check]:
    """The check `origin`, unless there is no evidence at all, which the gate itself refuses.

    Args:
        version: the challenger.
        measured: what the promotion measured; it says for which project and population. None if it could not.
    """
    if version.evidence is None:
        return
    problems = list(_problems(version, version.evidence, measured))
    sound = "The evidence names the version's own run, files, project and population."
    yield Check("origin", not problems, len(problems), 0, " ".join(problems) or sound)


def _problems(
    version: Version, evidence: Mapping[str, Any], measured: Mapping[str, Any] | None
) -> Iterator[str]:  # fmt: skip
    missing = [name for name in NAMED if not isinstance(evidence.get(name), str)]
    if missing:
        yield (
            f"The evidence of version {version.number} does not say {', '.join(missing)}, as that of an earlier "
            "release does not: train again."
        )
        return
    if evidence["run_id"] != version.run_id:
        yield (
            f"The evidence is of run {evidence['run_id']}, and version {version.number} is of run {version.run_id}: "
            "train again."
        )
    if evidence["bundle_sha256"] != version.bundle_sha256:
        yield (
            f"The evidence is of other model files ({evidence['bundle_sha256'][:12]}) than those of version "
            f"{version.number} ({(version.bundle_sha256 or 'none')[:12]}): train again."
        )
    for name in ("project", "population"):
        yield from _different(name, evidence[name], "its model card", version.provenance)
        if measured is not None:
            yield from _different(name, evidence[name], "this promotion", measured)


def _different(name: str, named: str, whose: str, other_source: Mapping[str, Any] | None) -> Iterator[str]:
    other = (other_source or {}).get(name)
    if other != named:
        yield f"The evidence is of the {name} {named!r}, and {whose} of {other!r}: train again."
