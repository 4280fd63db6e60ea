"""Questions to the evidence alone: is the challenger good enough, whatever is in production."""

from collections.abc import Iterator

from registry.gate.checks.check import Check, against, ends_below
from registry.gate.evidence import Evidence
from registry.gate.policy import FLOOR, Policy

#: checks for leaks without which nothing is known of them: always, of rows out of time, and of rows by entity.
ASKED = ("order", "single_feature", "label_permutation", "too_good_rules")
ASKED_IN_TIME, ASKED_BY_ENTITY = ("label_windows",), ("entities_apart",)
#: checks that are told and do not refuse: contacts that follow the risk are our own doing, not knowledge of the future.
TOLD = ("our_contacts",)


def validation(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Was it judged out of time, and may it be otherwise?"""
    if not evidence.data.is_out_of_time:
        allowed = policy.allow_not_out_of_time
        yield Check(
            "validation", allowed, None, None,
            "It was validated by entity, not out of time: how it holds later is not known; the policy "
            f"{'allows that' if allowed else 'does not allow that (allow_not_out_of_time)'}.",
        )  # fmt: skip


def _judged(evidence: Evidence) -> str:
    return "out-of-time" if evidence.data.is_out_of_time else "held-out"


def leaks(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Was every check for leaks made, and did none ring?"""
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


def auc(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Does the lower end of the interval of the AUC reach the floor?"""
    area, bound = evidence.metrics.auc, max(policy.lowest_auc, FLOOR)
    passed = area.low >= bound
    yield Check(
        "auc", passed, area.low, bound,
        f"{_judged(evidence).capitalize()} ROC-AUC is {area.value:.4f}, 95% interval {area.low:.4f} to "
        f"{area.high:.4f}: its lower end {'reaches' if passed else 'does not reach'} {bound:.2f}.",
    )  # fmt: skip


def baselines(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Does it rank better than a rule of thumb, and not worse than a simple model?"""
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
            f"{against(gap.low, gap.high, bound)}.",
        )  # fmt: skip


def enough_left(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Did enough people leave for the figures to mean something?"""
    count, bound = evidence.data.out_of_time_left, policy.fewest_left
    passed = count >= bound
    yield Check(
        "enough_left", passed, count, bound,
        f"{count:,} of {evidence.data.out_of_time_rows:,} {_judged(evidence)} rows left; "
        f"{'at least' if passed else 'fewer than the'} {bound:,} {'are' if passed else 'that are'} needed.",
    )  # fmt: skip


def calibration(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Are the probabilities what happens?"""
    error, bound = evidence.metrics.calibration_error.value, policy.largest_calibration_error
    passed = error <= bound
    yield Check(
        "calibration", passed, error, bound,
        f"Probabilities are off by {error:.4f} on average; {'within' if passed else 'above'} {bound:.2f}.",
    )  # fmt: skip


def slices(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Is there nobody among whom it ranks worse than may be, for sure?"""
    bound = policy.lowest_slice_auc
    if bound is None:
        return
    if evidence.slices is None:
        yield Check("slices", False, None, bound, "The evidence has no slices, and the policy asks for them.")
        return
    told = [(f"{one.slice} {one.range}", one.auc) for one in evidence.slices if one.auc is not None]
    least, low = ends_below(told, bound, ".3f")
    sentence = (
        f"Surely below an AUC of {bound:.2f}: {', '.join(low)}."
        if low
        else f"None of {len(told)} slices with enough rows is surely below an AUC of {bound:.2f}."
    )
    yield Check("slices", not low, least, bound, sentence)


ALONE = (validation, leaks, auc, baselines, enough_left, calibration, slices)
