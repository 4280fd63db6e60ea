"""Checks of a response model: the experiment's design, gain, calibration, and the comparison with production."""

from collections.abc import Iterator
from dataclasses import dataclass

from registry.gate.checks.check import Check, describe_maximum, describe_minimum
from registry.gate.checks.deployability import latency, signature, size, version
from registry.gate.checks.inputs import Case
from registry.gate.evidence import IntervalEstimate
from registry.gate.policy import PARITY_TOLERANCE, Policy
from registry.gate.uplift_evidence import UpliftEvidence, UpliftMeasurements


@dataclass(frozen=True)
class UpliftInputs:
    """Parsed content of a case."""

    case: Case
    evidence: UpliftEvidence
    measurements: UpliftMeasurements


def campaigns(evidence: UpliftEvidence, policy: Policy) -> Iterator[Check]:
    """A model that was not judged on later campaigns needs the policy's permission."""
    data = evidence.data
    if data.validation == "out of time":
        yield Check(
            "validation", True, None, None,
            f"Fitted on {len(data.development)} earlier campaigns ({data.development_rows:,} rows) and judged on "
            f"{len(data.judged)} later ones ({data.judged_rows:,} rows).",
        )  # fmt: skip
        return
    allowed = policy.allow_not_out_of_time
    yield Check(
        "validation", allowed, None, None,
        "The experiment has one campaign, so the model was judged on other people of the same campaign; the policy "
        f"{'allows this' if allowed else 'does not allow this (allow_not_out_of_time)'}.",
    )  # fmt: skip


def rows_per_arm(evidence: UpliftEvidence, policy: Policy) -> Iterator[Check]:
    """Every arm has enough judged rows."""
    counts, bound = evidence.data.rows_by_arm, policy.uplift.fewest_rows_per_arm
    name = min(counts, key=lambda arm: counts[arm])
    passed = counts[name] >= bound
    yield Check(
        "rows_per_arm", passed, counts[name], bound,
        f"The smallest arm, {name}, has {counts[name]:,} judged rows, {describe_minimum(passed, f'{bound:,}')}.",
    )  # fmt: skip


def sample_ratio(evidence: UpliftEvidence, policy: Policy) -> Iterator[Check]:
    """The numbers by arm agree with the design."""
    result, bound = evidence.design.sample_ratio, policy.uplift.lowest_sample_ratio_p
    passed = result.p_value >= bound
    where = "" if result.campaign == "all" else f" of campaign {result.campaign}"
    sentence = (
        f"The numbers by arm{where} {'agree' if passed else 'do not agree'} with the design's probabilities: p-value "
        f"{result.p_value:.2g}, {describe_minimum(passed, f'{bound:g}')}."
    )
    yield Check("sample_ratio", passed, result.p_value, bound, sentence)


def balance(evidence: UpliftEvidence, policy: Policy) -> Iterator[Check]:
    """Before the assignment, people with an action do not differ from control."""
    result, bound = evidence.design.balance, policy.uplift.lowest_balance_p
    passed = result.p_value >= bound
    sentence = (
        f"Features of {result.action} and control differ most in {result.feature}: p-value {result.p_value:.2g} after "
        f"{result.comparisons:,} comparisons, {describe_minimum(passed, f'{bound:g}')}."
    )
    yield Check("balance", passed, result.p_value, bound, sentence)


def contamination(evidence: UpliftEvidence, policy: Policy) -> Iterator[Check]:
    """Control got no contacts outside the design."""
    result, bound = evidence.design.contamination, policy.uplift.largest_contaminated_share
    others = f"{result.other_campaigns:.1%} got an action of another campaign within {result.days} days"
    if result.share is None:
        sentence = f"Contacts of control rows outside the design were not counted; {others}."
        yield Check("contamination", True, None, bound, sentence)
        return
    passed = result.share <= bound
    sentence = (
        f"{result.share:.1%} of control rows got a contact outside the design, "
        f"{describe_maximum(passed, f'{bound:.1%}')}; {others}."
    )
    yield Check("contamination", passed, result.share, bound, sentence)


def gain(evidence: UpliftEvidence, policy: Policy) -> Iterator[Check]:
    """The model gains more than one effect for everybody; or, if the effect is constant, an action surely helps."""
    if evidence.constant:
        yield from _average_effect(evidence)
        return
    estimate = evidence.gain.over_constant
    yield Check(
        "qini", estimate.low > 0, estimate.low, 0,
        f"Targeting by the model keeps {_points(estimate)} more people than one effect for everybody, averaged over "
        f"all budgets; its lower end is {'above' if estimate.low > 0 else 'not above'} 0.",
    )  # fmt: skip


def _average_effect(evidence: UpliftEvidence) -> Iterator[Check]:
    name, estimate = max(evidence.average_effects.items(), key=lambda item: item[1].low)
    yield Check(
        "average_effect", estimate.low > 0, estimate.low, 0,
        f"The effect is the same for everybody. {name} keeps {_points(estimate)} of the people, with intervals that "
        f"hold for all {len(evidence.average_effects)} actions at once; its lower end is "
        f"{'above' if estimate.low > 0 else 'not above'} 0.",
    )  # fmt: skip


def calibration(evidence: UpliftEvidence, policy: Policy) -> Iterator[Check]:
    """Predicted effects agree with measured ones, within the noise of the measurement."""
    slope, gap, bounds = evidence.calibration.slope, evidence.calibration.gap, policy.uplift
    if not evidence.constant and slope is not None:
        passed = slope.high >= bounds.lowest_slope and slope.low <= bounds.highest_slope
        yield Check(
            "effect_slope", passed, slope.value, None,
            f"The slope of measured on predicted effects is {slope.value:.2f} (95% interval {slope.low:.2f} to "
            f"{slope.high:.2f}); it {'may' if passed else 'cannot'} lie from {bounds.lowest_slope:g} to "
            f"{bounds.highest_slope:g}.",
        )  # fmt: skip
    distance, bound = max(gap.low, -gap.high, 0.0), bounds.largest_effect_gap
    passed = distance <= bound
    yield Check(
        "effect_gap", passed, distance, bound,
        f"Predicted minus measured effect is {_points(gap)}; its nearest end to 0 is "
        f"{describe_maximum(passed, f'{100 * bound:g} points')}.",
    )  # fmt: skip


def placebo(evidence: UpliftEvidence, policy: Policy) -> Iterator[Check]:
    """Among people without an action the model gains nothing."""
    estimate = evidence.placebo
    passed = estimate.low <= 0 <= estimate.high
    yield Check(
        "placebo", passed, estimate.value, None,
        f"Among control rows with arms drawn by a coin, the order of the model gains {_points(estimate)}, which "
        f"{'includes' if passed else 'does not include'} 0.",
    )  # fmt: skip


def same_rows(inputs: UpliftInputs, policy: Policy) -> Iterator[Check]:
    """The versions are compared on the judged rows of the challenger's evidence."""
    expected, rows = inputs.evidence.data.judged_digest, inputs.measurements.rows
    passed = rows.digest == expected
    sentence = (
        f"{rows.rows:,} judged rows of {len(rows.campaigns)} campaigns, the same as in the evidence."
        if passed
        else f"The measurements are of rows {rows.digest[:12]}, but the evidence is of rows {expected[:12]}."
    )
    yield Check("rows", passed, rows.rows, None, sentence)


def repeats(inputs: UpliftInputs, policy: Policy) -> Iterator[Check]:
    """The gain equals that of the evidence."""
    now, before = inputs.measurements.area.value, inputs.evidence.gain.area.value
    change, bound = abs(now - before), policy.uplift.largest_gain_change
    passed = change <= bound
    yield Check(
        "repeats", passed, change, bound,
        f"On the judged rows the gain is {100 * now:.3f} points now and {100 * before:.3f} in the evidence; the change "
        f"is {describe_maximum(passed, f'{100 * bound:g} points')}.",
    )  # fmt: skip


def versus_production(inputs: UpliftInputs, policy: Policy) -> Iterator[Check]:
    """The challenger gains not less than production by more than the margin."""
    comparison, case = inputs.measurements.comparison, inputs.case
    if case.first:
        sound = comparison is None
        sentence = "This is the first version: nothing is in production, so only the absolute checks apply."
        wrong = "No version is in production, but the measurements contain a comparison."
        yield Check("first", sound, None, None, sentence if sound else wrong)
        return
    bound = -policy.uplift.margin
    if comparison is None:
        sentence = "The challenger was not compared with the version in production."
        yield Check("versus_production", False, None, bound, sentence)
        return
    if case.production_number is not None and comparison.version != case.production_number:
        sentence = (
            f"The challenger was compared with version {comparison.version}, but version {case.production_number} is "
            "in production."
        )
        yield Check("versus_production", False, None, bound, sentence)
        return
    difference = comparison.difference
    passed = difference.low >= bound
    yield Check(
        "versus_production", passed, difference.low, bound,
        f"On the same rows the gain differs from that of version {comparison.version} by {_points(difference)}; the "
        f"lower end is {describe_minimum(passed, f'{100 * bound:g} points')}.",
    )  # fmt: skip


def parity(inputs: UpliftInputs, policy: Policy) -> Iterator[Check]:
    """The registered model gives the effects of the learner that was judged."""
    distance, rows = inputs.measurements.parity.pyfunc, inputs.measurements.parity.rows
    passed = distance <= PARITY_TOLERANCE
    yield Check(
        "parity_pyfunc", passed, distance, PARITY_TOLERANCE,
        f"The registered model differs from the fitted learner by at most {distance:.1e} on {rows:,} rows, "
        f"{describe_maximum(passed, f'{PARITY_TOLERANCE:.0e}')}.",
    )  # fmt: skip


def _points(estimate: IntervalEstimate) -> str:
    """A difference of shares in points, with its interval."""
    value, low, high = (100 * number for number in (estimate.value, estimate.low, estimate.high))
    return f"{value:+.2f} points (95% interval {low:+.2f} to {high:+.2f})"


UPLIFT_EVIDENCE_CHECKS = (
    campaigns, rows_per_arm, sample_ratio, balance, contamination, gain, calibration, placebo,
)  # fmt: skip
UPLIFT_MEASUREMENT_CHECKS = (
    same_rows, repeats, versus_production, version, signature, parity, size, latency,
)  # fmt: skip
