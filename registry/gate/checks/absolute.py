"""Checks of the evidence alone: is the challenger good enough, whatever is in production."""

from collections.abc import Iterator

from registry.gate.checks.check import (
    Check,
    compare_slices,
    describe_difference,
    describe_maximum,
    describe_minimum,
)
from registry.gate.evidence import Evidence, RefitAgreement
from registry.gate.policy import FLOOR, Policy

#: leakage checks that every evidence must contain.
REQUIRED = ("order", "single_feature", "label_permutation", "too_good_rules")
#: and those that depend on how the model was validated.
REQUIRED_OUT_OF_TIME, REQUIRED_BY_ENTITY = ("label_windows",), ("entities_apart",)
#: checks that warn and do not refuse: contacts that follow the risk are our own campaigns, not future data.
WARN_ONLY = ("our_contacts",)


def validation(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """A model that was not validated out of time needs the policy's permission."""
    if not evidence.data.is_out_of_time:
        allowed = policy.allow_not_out_of_time
        yield Check(
            "validation", allowed, None, None,
            "The model was validated by entity, not out of time, so its quality on later dates is unknown; the policy "
            f"{'allows this' if allowed else 'does not allow this (allow_not_out_of_time)'}.",
        )  # fmt: skip


def _validation_name(evidence: Evidence) -> str:
    return "out-of-time" if evidence.data.is_out_of_time else "held-out"


def leaks(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Every required leakage check is present and passed."""
    present = {leak.check for leak in evidence.leaks}
    required = (*(REQUIRED_OUT_OF_TIME if evidence.data.is_out_of_time else REQUIRED_BY_ENTITY), *REQUIRED)
    missing = [name for name in required if name not in present]
    failures = {leak.check: f"{leak.check}: {leak.sentence.rstrip('.')}" for leak in evidence.leaks if not leak.passed}
    refusals = [sentence for name, sentence in failures.items() if name not in WARN_ONLY]
    warnings = [sentence for name, sentence in failures.items() if name in WARN_ONLY]
    parts = []
    if refusals:
        parts.append(f"Leakage checks failed: {'; '.join(refusals)}.")
    if missing:
        parts.append(f"Leakage checks missing: {', '.join(missing)}.")
    if not parts:
        parts.append(f"Leakage checks passed ({', '.join(sorted(present - failures.keys()))}).")
        parts += [f"Warning: {'; '.join(warnings)}."] * bool(warnings)
    count = len(refusals) + len(missing)
    yield Check("leaks", count == 0, count, 0, " ".join(parts))


def auc(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """The lower end of the interval of the ROC-AUC reaches the minimum."""
    estimate, bound = evidence.metrics.auc, max(policy.lowest_auc, FLOOR)
    passed = estimate.low >= bound
    yield Check(
        "auc", passed, estimate.low, bound,
        f"{_validation_name(evidence).capitalize()} ROC-AUC is {estimate.value:.4f} (95% interval {estimate.low:.4f} "
        f"to {estimate.high:.4f}); its lower end is {describe_minimum(passed, f'{bound:.2f}')}.",
    )  # fmt: skip


def baselines(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """The model ranks better than a rule of thumb, and not worse than a simple model."""
    for name, bound in policy.baselines.items():
        if name == evidence.family:
            continue
        difference = evidence.baselines.get(name)
        if difference is None:
            sentence = f"The evidence has no comparison with the baseline {name}."
            yield Check(f"versus_{name}", False, None, bound, sentence)
            continue
        low, high = difference.low, difference.high
        yield Check(
            f"versus_{name}", low >= bound, low, bound,
            f"ROC-AUC differs from that of {name} by {difference.value:+.4f} (95% interval {low:+.4f} to {high:+.4f}). "
            f"{describe_difference(low, high, bound)}.",
        )  # fmt: skip


def enough_left(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Enough customers left to measure anything."""
    count, bound = evidence.data.out_of_time_left, policy.fewest_left
    passed = count >= bound
    yield Check(
        "enough_left", passed, count, bound,
        f"In {count:,} of {evidence.data.out_of_time_rows:,} {_validation_name(evidence)} rows the customer left; "
        f"{describe_minimum(passed, f'{bound:,}')}.",
    )  # fmt: skip


def calibration(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """The expected calibration error is small enough."""
    error, bound = evidence.metrics.calibration_error.value, policy.largest_calibration_error
    passed = error <= bound
    sentence = f"Expected calibration error is {error:.4f}, {describe_maximum(passed, f'{bound:.2f}')}."
    yield Check("calibration", passed, error, bound, sentence)


def slices(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """No slice has an AUC below the minimum with 95% confidence."""
    bound = policy.lowest_slice_auc
    if bound is None:
        return
    if evidence.slices is None:
        yield Check("slices", False, None, bound, "The evidence has no slices, but the policy requires them.")
        return
    estimates = [(f"{part.slice} {part.range}", part.auc) for part in evidence.slices if part.auc is not None]
    test = compare_slices(estimates, bound, ".3f")
    if test.failures:
        sentence = f"AUC is below {bound:.2f} (95% confidence) in {', '.join(test.failures)}."
    elif not estimates:
        sentence = "No slice has enough rows for an AUC."
    elif test.all_above:
        sentence = f"All {len(estimates)} slices with enough rows have an AUC above {bound:.2f} (95% confidence)."
    else:
        sentence = f"None of {len(estimates)} slices with enough rows has an AUC below {bound:.2f} (95% confidence)."
    yield Check("slices", not test.failures, test.smallest_high, bound, sentence)


def refit(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """The registered model ranks and predicts like the judged one, and its own rows have no leak."""
    fitted = evidence.refit
    if fitted is None:
        return
    yield from _refit_agreement(fitted.agreement, policy)
    bound = 2 * policy.largest_refit_shift
    far = [f"{part.slice} {part.range} ({part.shift:+.2f})" for part in fitted.slices if abs(part.shift) > bound]
    sound = f"None of {len(fitted.slices)} slices shifts by more than {bound:g} log-odds by the refit."
    sentence = f"The refit shifts the mean score by more than {bound:g} log-odds in {', '.join(far)}." if far else sound
    yield Check("refit_slices", not far, len(far), 0, sentence)
    gap, bound = abs(fitted.calibration_gap), policy.largest_calibration_error
    direction = "more" if fitted.calibration_gap > 0 else "less"
    yield Check(
        "refit_calibration", gap <= bound, gap, bound,
        f"On the latest matured snapshots the refit predicts {gap:.4f} {direction} than observed, "
        f"{describe_maximum(gap <= bound, f'{bound:g}')}.",
    )  # fmt: skip
    failures = [f"{leak.check}: {leak.sentence.rstrip('.')}" for leak in fitted.leaks if not leak.passed]
    missing = sorted({*REQUIRED, *REQUIRED_OUT_OF_TIME} - {leak.check for leak in fitted.leaks})
    problems = [*failures, *(f"{name}: missing" for name in missing)]
    sentence = (
        f"Leakage checks on the rows of the refit failed: {'; '.join(problems)}."
        if problems
        else f"Leakage checks on the {fitted.rows:,} rows of the refit passed."
    )
    yield Check("refit_leaks", not problems, len(problems), 0, sentence)


def _refit_agreement(agreement: RefitAgreement, policy: Policy) -> Iterator[Check]:
    """Order and mean of the scores on the latest snapshot."""
    correlation, bound = agreement.rank_correlation, policy.lowest_refit_correlation
    where = f"on {agreement.rows:,} rows of {agreement.as_of}"
    yield Check(
        "refit_order", correlation >= bound, correlation, bound,
        f"The refit ranks people like the judged model: rank correlation {correlation:.3f} {where}, "
        f"{describe_minimum(correlation >= bound, f'{bound:g}')}.",
    )  # fmt: skip
    shift, bound = abs(agreement.shift), policy.largest_refit_shift
    yield Check(
        "refit_mean", shift <= bound, shift, bound,
        f"The refit predicts {agreement.refit_mean:.4f} on average, the judged model {agreement.judged_mean:.4f} "
        f"{where}; the shift of {agreement.shift:+.2f} log-odds is {describe_maximum(shift <= bound, f'{bound:g}')}.",
    )  # fmt: skip


ABSOLUTE_CHECKS = (validation, leaks, auc, baselines, enough_left, calibration, slices, refit)
