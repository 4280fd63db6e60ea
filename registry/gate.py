"""The gate: evidence and policy in, a decision with its reasons out. Nothing else decides.

It fails closed: whatever is missing, not a number or goes wrong is a refusal that says so.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry.evidence import Evidence, EvidenceError, parse
from registry.policy import FLOOR, Policy

#: checks for leaks without which nothing is known of them: always, of rows out of time, and of rows by entity.
ASKED = ("order", "single_feature", "label_permutation")
ASKED_IN_TIME, ASKED_BY_ENTITY = ("label_windows",), ("entities_apart",)
#: checks that are told and do not refuse: contacts that follow the risk are our own doing, not knowledge of the future.
TOLD = ("our_contacts",)


@dataclass(frozen=True)
class Check:
    """One question the gate asked; `value` and `bound` are None where it could not be answered."""

    name: str
    passed: bool
    value: float | None
    bound: float | None
    sentence: str


@dataclass(frozen=True)
class Decision:
    """The gate's answer."""

    accepted: bool
    policy_version: int
    checks: tuple[Check, ...]

    @property
    def reasons(self) -> list[str]:
        """Why it was refused; or, if accepted, what it was accepted on."""
        return [check.sentence for check in self.checks if check.passed == self.accepted]

    def json(self) -> dict[str, Any]:
        """As the ledger and the run hold it."""
        checks = [vars(check) for check in self.checks]
        return {"accepted": self.accepted, "policy_version": self.policy_version, "checks": checks}


@dataclass(frozen=True)
class Case:
    """What is judged: files as they were found, None where there is none.

    Attributes:
        challenger: its evidence.
        production: that of the version in production.
        first: whether there is no version in production, so that nothing can be compared.
        measured: what the promotion measured on the same rows (`registry/measured.py`).
    """

    challenger: Mapping[str, Any] | None
    production: Mapping[str, Any] | None
    first: bool
    measured: Mapping[str, Any] | None


def decide(case: Case, policy: Policy) -> Decision:
    """Judge a challenger.

    Args:
        case: what is known of it and of the version in production.
        policy: the project's bounds.
    """
    raw = case.challenger
    if raw is None:
        return _refused(policy, "evidence", "The challenger left no evidence file.")
    try:
        evidence = parse(raw)
    except EvidenceError as error:
        return _refused(policy, "evidence", f"The evidence cannot be used: {error}.")
    asks = (_validation, _leaks, _auc, _baselines, _left, _calibration)
    checks = tuple(check for ask in asks for check in _asked(ask, evidence, policy))
    return Decision(bool(checks) and all(check.passed for check in checks), policy.version, checks)


Ask = Callable[[Evidence, Policy], Iterator[Check]]


def _validation(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    if not evidence.data.is_out_of_time:
        allowed = policy.allow_not_out_of_time
        yield Check(
            "validation", allowed, None, None,
            "It was validated by entity, not out of time: how it holds later is not known; the policy "
            f"{'allows that' if allowed else 'does not allow that (allow_not_out_of_time)'}.",
        )  # fmt: skip


def _judged(evidence: Evidence) -> str:
    return "out-of-time" if evidence.data.is_out_of_time else "held-out"


def _asked(ask: Ask, evidence: Evidence, policy: Policy) -> list[Check]:
    """A question that breaks counts as one that was not passed."""
    try:
        return list(ask(evidence, policy))
    except Exception as error:  # any error at all must refuse, that is the point
        name = ask.__name__.removeprefix("_")
        return [
            Check(
                name,
                False,
                None,
                None,
                f"The check {name} could not be made: {type(error).__name__}: {error}.",
            )
        ]


def _leaks(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    asked = {leak.check for leak in evidence.leaks}
    apart = ASKED_IN_TIME if evidence.data.is_out_of_time else ASKED_BY_ENTITY
    missing = [f"{name} was not asked" for name in (*apart, *ASKED) if name not in asked]
    rang = {leak.check: f"{leak.check}: {leak.sentence.rstrip('.')}" for leak in evidence.leaks if not leak.passed}
    wrong = [*(said for check, said in rang.items() if check not in TOLD), *missing]
    told = [said for check, said in rang.items() if check in TOLD]
    silent = f"rang ({', '.join(sorted(asked - rang.keys()))})"
    if wrong:
        sentence = f"A leak: {'; '.join(wrong)}."
    elif told:
        sentence = f"No check for leaks that refuses {silent}. Told only: {'; '.join(told)}."
    else:
        sentence = f"No check for leaks {silent}."
    yield Check("leaks", not wrong, len(wrong), 0, sentence)


def _auc(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    auc, bound = evidence.metrics.auc, max(policy.lowest_auc, FLOOR)
    passed = auc.low >= bound
    yield Check(
        "auc", passed, auc.low, bound,
        f"{_judged(evidence).capitalize()} ROC-AUC is {auc.value:.4f}, 95% interval {auc.low:.4f} to {auc.high:.4f}: "
        f"its lower end {'reaches' if passed else 'does not reach'} {bound:.2f}.",
    )  # fmt: skip


def _baselines(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    for name, bound in policy.baselines.items():
        if name == evidence.family:
            continue
        gap = evidence.baselines.get(name)
        if gap is None:
            sentence = f"The evidence has no comparison with the baseline {name}."
            yield Check(f"versus_{name}", False, None, bound, sentence)
            continue
        passed = gap.low >= bound
        yield Check(
            f"versus_{name}", passed, gap.low, bound,
            f"Against {name} the AUC differs by {gap.value:+.4f}, 95% interval {gap.low:+.4f} to {gap.high:+.4f}: "
            f"{_versus(gap.low, gap.high, bound)}.",
        )  # fmt: skip


def _versus(low: float, high: float, bound: float) -> str:
    if low < bound:
        return (
            "below it"
            if high < 0
            else f"it may be below by more than {-bound:.3f}"
            if bound < 0
            else "not surely better"
        )
    return "better for sure" if low >= 0 else f"not below by more than {-bound:.3f}"


def _left(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    count, bound = evidence.data.out_of_time_left, policy.fewest_left
    passed = count >= bound
    yield Check(
        "enough_left", passed, count, bound,
        f"{count:,} of {evidence.data.out_of_time_rows:,} {_judged(evidence)} rows left; "
        f"{'at least' if passed else 'fewer than the'} {bound:,} {'are' if passed else 'that are'} needed.",
    )  # fmt: skip


def _calibration(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    error, bound = evidence.metrics.calibration_error.value, policy.largest_calibration_error
    passed = error <= bound
    yield Check(
        "calibration", passed, error, bound,
        f"Probabilities are off by {error:.4f} on average; {'within' if passed else 'above'} {bound:.2f}.",
    )  # fmt: skip


def _refused(policy: Policy, name: str, sentence: str) -> Decision:
    return Decision(False, policy.version, (Check(name, False, None, None, sentence),))
