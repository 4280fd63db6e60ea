"""Checks of the measurements on the same rows: is the evidence reproduced, and how does production compare."""

from collections.abc import Iterator
from datetime import date

from registry.gate.checks.check import (
    Check,
    compare_slices,
    describe_difference,
    describe_maximum,
    describe_minimum,
)
from registry.gate.checks.inputs import CheckInputs, TrainingWindow
from registry.gate.evidence import DifferenceEstimate, EvidenceError
from registry.gate.measurements import ProductionComparison
from registry.gate.policy import FLOOR, Policy


def rows(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Neither model was trained on the rows of the comparison."""
    measured_rows, problem = inputs.measurements.rows, _overlap_problem(inputs)
    sentence = problem or (
        f"{measured_rows.rows:,} matured rows of {_days(measured_rows.dates)}; in {measured_rows.left:,} the customer "
        f"left. {_who_was_not(inputs)} trained on them."
    )
    yield Check("rows", problem is None, measured_rows.rows, None, sentence)


def _who_was_not(inputs: CheckInputs) -> str:
    """Whose training did not use the rows; a refit is fitted on them, and its judged model is compared instead."""
    if inputs.evidence.refit is not None:
        return "The judged model was not" if inputs.case.first else "Neither judged model was"
    return "The challenger was not" if inputs.case.first else "Neither version was"


def _overlap_problem(inputs: CheckInputs) -> str | None:
    """Why a model may have been trained on the rows of the comparison; None if it was not."""
    data, dates = inputs.evidence.data, inputs.measurements.rows.dates
    unexpected = sorted(set(dates) - set(data.out_of_time))
    if unexpected:
        return f"The challenger may be trained on the rows of {_days(unexpected)}: its evidence does not hold them out."
    if inputs.case.first:
        return None
    try:
        training = TrainingWindow.of(inputs.case.production).data
    except EvidenceError as error:
        return f"The training window of the version in production is unknown: {error}."
    if not data.is_out_of_time:
        same = training.windows is None and training.digest == data.digest
        return None if same else "Production was trained on other rows, which may include the held-out rows."
    if training.windows is None:
        return "Production was not trained by dates, so it may be trained on the rows of the comparison."
    until = training.windows.development.labels_until
    early = [day for day in dates if date.fromisoformat(day) < until]
    if early:
        return f"Production was trained on labels up to {until}, which overlap the rows of {_days(early)}."
    return None


def repeats(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """The ROC-AUC equals that of the evidence; or, on other rows, it reaches the minimum again."""
    now, data = inputs.measurements.auc, inputs.evidence.data
    before = inputs.evidence.metrics.auc.value
    if inputs.measurements.rows.digest == data.out_of_time_digest:
        change, bound = abs(now.value - before), policy.largest_auc_change
        passed = change <= bound
        yield Check(
            "repeats", passed, change, bound,
            f"On the rows of the evidence ROC-AUC is {now.value:.4f} now and {before:.4f} in the evidence; the change "
            f"is {describe_maximum(passed, f'{bound:.3f}')}.",
        )  # fmt: skip
        return
    bound = max(policy.lowest_auc, FLOOR)
    passed = now.low >= bound
    yield Check(
        "repeats", passed, now.low, bound,
        f"{_why_other_rows(inputs)}. On these rows ROC-AUC is {now.value:.4f} (95% interval {now.low:.4f} to "
        f"{now.high:.4f}), in the evidence {before:.4f}; its lower end is {describe_minimum(passed, f'{bound:.2f}')}.",
    )  # fmt: skip


def _why_other_rows(inputs: CheckInputs) -> str:
    """Why the rows are not those of the evidence."""
    measured_dates = set(inputs.measurements.rows.dates)
    dropped = [day for day in inputs.evidence.data.out_of_time if day not in measured_dates]
    if dropped:
        return f"Rows of {_days(dropped)} are left out because production was trained on their labels"
    return "The rows differ from those of the evidence because data was corrected since"


def first(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """A first version is not compared with anything."""
    if not inputs.case.first:
        return
    sound = inputs.measurements.comparison is None
    yield Check(
        "first", sound, None, None,
        "This is the first version: nothing is in production, so only the absolute checks apply."
        if sound
        else "No version is in production, but the measurements contain a comparison.",
    )  # fmt: skip


def versus_production(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """By bootstrap over people, the challenger is not worse than production by more than the margin."""
    if not inputs.case.first:
        yield _compared("versus_production", inputs, policy, "bootstrap over people")


def versus_production_delong(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """The same by DeLong's variance."""
    if not inputs.case.first:
        yield _compared("versus_production_delong", inputs, policy, "DeLong")


def _compared(name: str, inputs: CheckInputs, policy: Policy, method: str) -> Check:
    bound, comparison = -policy.margin_of(inputs.evidence.model), inputs.measurements.comparison
    if comparison is None:
        return Check(name, False, None, bound, "The challenger was not compared with the version in production.")
    if inputs.case.production_number is not None and comparison.version != inputs.case.production_number:
        return Check(
            name, False, None, bound,
            f"The challenger was compared with version {comparison.version}, but version "
            f"{inputs.case.production_number} is in production.",
        )  # fmt: skip
    difference = comparison.delong if method == "DeLong" else comparison.bootstrap
    sentence = _difference_sentence(inputs, comparison, difference, bound, method)
    return Check(name, difference.low >= bound, difference.low, bound, sentence)


def _difference_sentence(
    inputs: CheckInputs, comparison: ProductionComparison, difference: DifferenceEstimate, bound: float, method: str
) -> str:
    return (
        f"On the same rows ROC-AUC is {inputs.measurements.auc.value:.4f}, and {comparison.auc.value:.4f} for version "
        f"{comparison.version} in production. It differs by {difference.value:+.4f} (95% interval "
        f"{difference.low:+.4f} to {difference.high:+.4f}, {method}). "
        f"{describe_difference(difference.low, difference.high, bound)}."
    )


def slices_versus_production(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """In no slice is the challenger worse than production by more than the margin with 95% confidence."""
    comparison, bound = inputs.measurements.comparison, -policy.margin_of(inputs.evidence.model)
    if inputs.case.first or comparison is None:
        return  # the comparison on all rows says so
    differences = [(f"{part.slice} {part.range}", part.difference) for part in comparison.slices if part.difference]
    test = compare_slices(differences, bound, "+.4f")
    limit = f"more than {-bound:g} below that of production (95% confidence)"
    if test.failures:
        sentence = f"AUC is {limit} in {', '.join(test.failures)}."
    elif not differences:
        sentence = "No slice has enough rows for a comparison of AUC."
    else:
        sentence = f"In none of {len(differences)} slices with enough rows is AUC {limit}."
    yield Check("slices_versus_production", not test.failures, test.smallest_high, bound, sentence)


def _days(dates: list[str]) -> str:
    return dates[0] if len(dates) == 1 else f"{min(dates)} to {max(dates)}" if dates else "no date"


HEAD_TO_HEAD_CHECKS = (
    rows, repeats, first, versus_production, versus_production_delong, slices_versus_production,
)  # fmt: skip
