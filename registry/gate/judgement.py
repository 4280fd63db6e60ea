"""Judge one model: what is proposed and what stands, measured, put to the gate, and held against the ledger."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from registry.gate.checks import Case, Check
from registry.gate.gate import Decision, decide
from registry.gate.origin import origin
from registry.gate.policy import Policy
from registry.ledger.chain import Row
from registry.ledger.history import ModelState, promoted_files
from registry.versions.version_files import changed_sentence
from registry.versions.versions import Contenders, Version
from stack.errors import PrichalError

#: scores both versions on the same rows and says what came out (`registry/gate/measurements.py`).
Measure = Callable[[Contenders], Mapping[str, Any]]
#: characters of an error that are kept.
LONGEST = 300


@dataclass(frozen=True)
class Judgement:
    """A decision, and all that it rests on."""

    contenders: Contenders
    measured: Mapping[str, Any] | None
    decision: Decision
    policy: Policy

    @property
    def subject(self) -> dict[str, Any]:
        """What it is bound to."""
        return self.contenders.subject(self.policy)

    def json(self) -> dict[str, Any]:
        """As the ledger holds it: the gate's checks, the whole policy, what was measured, and digests of the rest."""
        return {**self.decision.json(), "subject": self.subject, "measured": self.measured}


def judge(contenders: Contenders, state: ModelState, policy: Policy, measure: Measure, mode: str) -> Judgement:
    """The gate's decision, and what else speaks against a promotion.

    Args:
        contenders: the challenger and the version in production.
        state: the model's state by the ledger.
        policy: the project's bounds.
        measure: may fail with any error; that is a refusal which says so.
        mode: `auto` or `review`.
    """
    measured, problem = _measured(measure, contenders)
    case = Case(
        challenger=contenders.challenger.evidence,
        production=contenders.production.evidence if contenders.production else None,
        first=contenders.production is None,
        measured=measured,
        problem=problem,
        number=contenders.challenger.number,
        digest=contenders.challenger.files_sha256,
        against=contenders.production.number if contenders.production else None,
    )
    more = [
        *_files(contenders, state),
        *origin(contenders.challenger, measured),
        *_policy(state, policy),
        *_barred(state, contenders.challenger.number, mode),
    ]
    return Judgement(contenders, measured, with_checks(decide(case, policy), more), policy)


def with_checks(decision: Decision, checks: list[Check]) -> Decision:
    """The decision with checks on top, which it must pass too."""
    accepted = decision.accepted and all(check.passed for check in checks)
    return replace(decision, accepted=accepted, checks=(*decision.checks, *checks))


def failed_check(name: str, sentence: str) -> Check:
    """A question without a number that was not passed."""
    return Check(name, False, None, None, sentence)


def _measured(measure: Measure, contenders: Contenders) -> tuple[Mapping[str, Any] | None, str | None]:
    """What was measured, or why nothing was."""
    try:
        return measure(contenders), None
    except Exception as error:  # what cannot be measured must refuse, whatever the reason: the gate fails closed
        return None, f"{_one_line(error)}."


def _one_line(error: Exception) -> str:
    """Type, of an error that is not ours, and first line, without what stands before the @ of an address."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = re.sub(r"://[^\s/@]*@", "://", lines[0]) if lines else "no text"
    text = text[:LONGEST].rstrip(".")
    return text if isinstance(error, PrichalError) else f"{type(error).__name__}: {text}"


def _files(contenders: Contenders, state: ModelState) -> Iterator[Check]:
    """Can the files of both be read and loaded, and are those in production the ones that were promoted?"""
    for version in (contenders.challenger, contenders.production):
        sentence = None if version is None else _files_sentence(version)
        if sentence is not None:
            yield failed_check("files", sentence)
    production = contenders.production
    promoted = promoted_files(state, production.number) if production is not None else None
    if production is not None and promoted is not None and promoted != production.files_sha256:
        called = f"version {production.number} of {production.model}"
        yield failed_check("files", changed_sentence(called, promoted, production.files_sha256))


def _files_sentence(version: Version) -> str | None:
    called = f"version {version.number} of {version.model}"
    if version.files_sha256 is None:
        return f"The files of {called} cannot be read."
    if version.files_problem is not None:
        return f"V{called[1:]} cannot be loaded, for {version.files_problem}: train again."
    return None


def _policy(state: ModelState, policy: Policy) -> Iterator[Check]:
    """Bounds belong to a version of the policy once it was decided by; a bound that is new since then is not held."""
    first = next((row for row in state.rows if _bounds(row).get("version") == policy.version), None)
    if first is None:
        return
    now = policy.model_dump(mode="json")
    other = sorted(name for name, bound in _bounds(first).items() if name in now and now[name] != bound)
    if other:
        yield failed_check(
            "policy",
            f"Row {first.id} of the ledger was decided by policy version {policy.version} with another "
            f"{', '.join(other)}: raise the policy's version when a bound changes.",
        )


def _bounds(row: Row) -> Mapping[str, Any]:
    found = row.decision.get("policy")
    return found if isinstance(found, Mapping) else {}


def _barred(state: ModelState, number: str, mode: str) -> Iterator[Check]:
    """What people, or the watch, have said of this version before: the gate alone cannot overrule them."""
    for row in reversed(state.rows):
        if row.act == "promote" and row.version == number:
            return  # somebody put it there after all
        if row.act == "reject" and row.version == number:
            yield failed_check("rejected", f"Version {number} {_said(row, 'was rejected')}: train another one.")
            return
        if row.act == "rollback" and row.replaced == number:
            if mode == "auto":
                sentence = f"Version {number} {_said(row, 'was withdrawn')}: only a review can bring it back."
                yield failed_check("withdrawn", sentence)
            return


def _said(row: Row, what: str) -> str:
    return f"{what} by {row.who} on {row.happened_at:%Y-%m-%d} ({row.reason.rstrip('.')})"
