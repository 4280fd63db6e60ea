"""Judge a challenger: measure it, ask the gate, and compare with the ledger."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from registry.gate.checks import Case, Check
from registry.gate.gate import Decision, decide
from registry.gate.origin import origin
from registry.gate.policy import LATER_BOUNDS, Policy
from registry.ledger.chain import Row
from registry.ledger.history import ModelState, promoted_files
from registry.versions.version_files import RESTORE, describe_change
from registry.versions.versions import Contenders, Version
from stack.errors import PrichalError

#: scores both versions on the same rows and returns the measurements (`registry/gate/measurements.py`).
Measure = Callable[[Contenders], Mapping[str, Any]]
#: characters of an error message that are stored.
LONGEST = 300


@dataclass(frozen=True)
class GateJudgement:
    """A decision with its inputs."""

    contenders: Contenders
    measured: Mapping[str, Any] | None
    decision: Decision
    policy: Policy

    @property
    def subject(self) -> dict[str, Any]:
        """Numbers and digests of the judged versions, evidence and policy."""
        return self.contenders.subject(self.policy)

    def json(self) -> dict[str, Any]:
        """The form that the ledger stores: checks, the whole policy, measurements, and digests of all other inputs."""
        return {**self.decision.json(), "subject": self.subject, "measured": self.measured}


def judge(contenders: Contenders, state: ModelState, policy: Policy, measure: Measure, mode: str) -> GateJudgement:
    """The gate's decision with the checks that need files and ledger.

    Args:
        contenders: the challenger and the version in production.
        state: the model's state by the ledger.
        policy: the project's bounds.
        measure: may raise any error; the error is then the reason of a refusal.
        mode: `auto` or `review`.
    """
    measured, problem = _measured(measure, contenders)
    case = Case(
        challenger=contenders.challenger.evidence,
        production=contenders.production.evidence if contenders.production else None,
        first=contenders.production is None,
        measured=measured,
        problem=problem,
        version_number=contenders.challenger.number,
        files_sha256=contenders.challenger.files_sha256,
        production_number=contenders.production.number if contenders.production else None,
    )
    checks = [
        *_files(contenders, state),
        *origin(contenders.challenger, measured),
        *_policy(state, policy),
        *_exclusions(state, contenders.challenger.number, mode),
    ]
    return GateJudgement(contenders, measured, with_checks(decide(case, policy), checks), policy)


def with_checks(decision: Decision, checks: list[Check]) -> Decision:
    """The decision with more checks; all of them must pass."""
    accepted = decision.accepted and all(check.passed for check in checks)
    return replace(decision, accepted=accepted, checks=(*decision.checks, *checks))


def failed_check(name: str, sentence: str) -> Check:
    """A failed check without a number."""
    return Check(name, False, None, None, sentence)


def _measured(measure: Measure, contenders: Contenders) -> tuple[Mapping[str, Any] | None, str | None]:
    """The measurements, or the error that prevented them."""
    try:
        return measure(contenders), None
    except Exception as error:  # the gate fails closed: every error is a refusal
        return None, f"{_one_line(error)}."


def _one_line(error: Exception) -> str:
    """First line of an error, with its type unless it is ours; without user and password of an address."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = re.sub(r"://[^\s/@]*@", "://", lines[0]) if lines else "no message"
    text = text[:LONGEST].rstrip(".")
    return text if isinstance(error, PrichalError) else f"{type(error).__name__}: {text}"


def _files(contenders: Contenders, state: ModelState) -> Iterator[Check]:
    """The files of both versions can be loaded, and those in production are the promoted ones."""
    for version in (contenders.challenger, contenders.production):
        sentence = None if version is None else _files_sentence(version)
        if sentence is not None:
            yield failed_check("files", sentence)
    production = contenders.production
    promoted = promoted_files(state, production.number) if production is not None else None
    if production is not None and promoted is not None and promoted != production.files_sha256:
        name = f"version {production.number} of {production.model}"
        yield failed_check("files", f"{describe_change(name, promoted, production.files_sha256)}: {RESTORE}.")


def _files_sentence(version: Version) -> str | None:
    if version.files_sha256 is None:
        return f"The files of version {version.number} of {version.model} cannot be read."
    if version.files_problem is not None:
        name = f"Version {version.number} of {version.model}"
        return f"{name} cannot be loaded because {version.files_problem}: train again."
    return None


def _policy(state: ModelState, policy: Policy) -> Iterator[Check]:
    """The bounds of a policy version do not change once a decision used them; a bound added since then is allowed."""
    first = next((row for row in state.rows if _bounds(row).get("version") == policy.version), None)
    if first is None:
        return
    bounds = policy.model_dump(mode="json")
    changed = sorted(
        name for name, bound in _bounds(first).items() if name in bounds and _differs(name, bound, bounds[name])
    )
    if changed:
        yield failed_check(
            "policy",
            f"Row {first.id} of the ledger used policy version {policy.version} with another {', '.join(changed)}: "
            "raise the policy's version when a bound changes.",
        )


def _differs(name: str, before: object, now: object) -> bool:
    """Whether a bound changed; of a group of bounds, only those that the earlier decision stored."""
    if name in LATER_BOUNDS and isinstance(before, Mapping) and isinstance(now, Mapping):
        return any(now.get(key) != bound for key, bound in before.items())
    return before != now


def _bounds(row: Row) -> Mapping[str, Any]:
    bounds = row.decision.get("policy")
    return bounds if isinstance(bounds, Mapping) else {}


def _exclusions(state: ModelState, number: str, mode: str) -> Iterator[Check]:
    """A version that was rejected or rolled back before: the gate alone cannot overrule that decision."""
    for row in reversed(state.rows):
        if row.act == "promote" and row.version == number:
            return  # a later decision put it into production
        if row.act == "reject" and row.version == number:
            yield failed_check("rejected", f"Version {number} was rejected by {_decided_by(row)}: train another one.")
            return
        if row.act == "rollback" and row.replaced == number:
            if mode == "auto":
                sentence = (
                    f"Version {number} was rolled back by {_decided_by(row)}: only a review can promote it again."
                )
                yield failed_check("withdrawn", sentence)
            return


def _decided_by(row: Row) -> str:
    return f"{row.who} on {row.happened_at:%Y-%m-%d} ({row.reason.rstrip('.')})"
