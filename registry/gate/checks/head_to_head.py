"""Questions to what was measured on the same rows: does the evidence repeat, and how does production compare."""

from collections.abc import Iterator
from datetime import date

from registry.gate.checks.check import Check, against, ends_below
from registry.gate.checks.inputs import CheckInputs, TrainingWindow
from registry.gate.evidence import DifferenceEstimate, EvidenceError
from registry.gate.measurements import ProductionComparison
from registry.gate.policy import FLOOR, Policy


def rows(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Has neither model learnt from the rows that judge them?"""
    known = inputs.measured.rows
    sentence = _learnt(inputs) or (
        f"{known.rows:,} matured rows of {_days(known.dates)}, {known.left:,} of them left: "
        f"{'the challenger has' if inputs.case.first else 'both have'} learnt from none of them."
    )
    yield Check("rows", _learnt(inputs) is None, known.rows, None, sentence)


def _learnt(inputs: CheckInputs) -> str | None:
    """Why a model may have learnt from them; None if it has not."""
    data, dates = inputs.evidence.data, inputs.measured.rows.dates
    strange = sorted(set(dates) - set(data.out_of_time))
    if strange:
        return f"The challenger was not kept from the rows of {_days(strange)}, which were to judge."
    if inputs.case.first:
        return None
    try:
        learnt = TrainingWindow.of(inputs.case.production).data
    except EvidenceError as error:
        return f"What the version in production has learnt from is not known: {error}."
    if not data.is_out_of_time:
        same = learnt.windows is None and learnt.digest == data.digest
        return None if same else "The version in production was fitted on other rows, and may know those held out."
    if learnt.windows is None:
        return "The version in production was not fitted by dates, and may know the rows that are to judge."
    until = learnt.windows.development.labels_until
    early = [day for day in dates if date.fromisoformat(day) < until]
    if early:
        return f"Labels that production was fitted on look up to {until}, into the rows of {_days(early)}."
    return None


def repeats(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Does the AUC scored now equal that of the evidence; or, on other rows, does it reach the floor again?"""
    now, data = inputs.measured.auc, inputs.evidence.data
    then = inputs.evidence.metrics.auc.value
    if inputs.measured.rows.digest == data.out_of_time_digest:
        change, bound = abs(now.value - then), policy.largest_auc_change
        passed = change <= bound
        yield Check(
            "repeats", passed, change, bound,
            f"Scored again on the rows of its evidence the AUC is {now.value:.4f}, there {then:.4f}: "
            f"{'the same' if passed else f'further apart than {bound:.3f}'}.",
        )  # fmt: skip
        return
    bound = max(policy.lowest_auc, FLOOR)
    passed = now.low >= bound
    yield Check(
        "repeats", passed, now.low, bound,
        f"{_otherwise(inputs)}; on these the AUC is {now.value:.4f}, 95% interval {now.low:.4f} to {now.high:.4f}, "
        f"in the evidence {then:.4f}: its lower end {'reaches' if passed else 'does not reach'} {bound:.2f}.",
    )  # fmt: skip


def _otherwise(inputs: CheckInputs) -> str:
    """Why the rows are not those of the evidence."""
    own, kept = inputs.evidence.data.out_of_time, set(inputs.measured.rows.dates)
    dropped = [day for day in own if day not in kept]
    if dropped:
        return f"Rows of {_days(dropped)} are left out, for production has learnt up to there"
    return "The rows are not those of the evidence: data was corrected since"


def first(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Is there really nothing to compare with?"""
    if not inputs.case.first:
        return
    sound = inputs.measured.versus is None
    yield Check(
        "first", sound, None, None,
        "It is the first version: with nothing in production it is judged by absolute checks alone."
        if sound
        else "There is no version in production, and yet one was compared with.",
    )  # fmt: skip


def versus_production(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """By drawing people again: is it not worse than production by more than the margin?"""
    if not inputs.case.first:
        yield _compared("versus_production", inputs, policy, "bootstrap over people")


def versus_production_delong(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """The same by DeLong's variance."""
    if not inputs.case.first:
        yield _compared("versus_production_delong", inputs, policy, "DeLong")


def _compared(name: str, inputs: CheckInputs, policy: Policy, how: str) -> Check:
    bound, found = -policy.margin_of(inputs.evidence.model), inputs.measured.versus
    if found is None:
        return Check(name, False, None, bound, "Nothing was compared with the version in production.")
    if inputs.case.against is not None and found.version != inputs.case.against:
        return Check(
            name, False, None, bound,
            f"It was compared with version {found.version}, and version {inputs.case.against} is in production.",
        )  # fmt: skip
    gap = found.delong if how == "DeLong" else found.bootstrap
    return Check(name, gap.low >= bound, gap.low, bound, _gap(inputs, found, gap, bound, how))


def _gap(inputs: CheckInputs, found: ProductionComparison, gap: DifferenceEstimate, bound: float, how: str) -> str:
    return (
        f"Against version {found.version} in production, AUC {inputs.measured.auc.value:.4f} to {found.auc.value:.4f} "
        f"on the same rows, it differs by {gap.value:+.4f}, 95% interval {gap.low:+.4f} to {gap.high:+.4f} ({how}): "
        f"{against(gap.low, gap.high, bound)}."
    )


def slices_versus_production(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Is there nobody among whom production ranks better by more than the margin, for sure?"""
    found, bound = inputs.measured.versus, -policy.margin_of(inputs.evidence.model)
    if inputs.case.first or found is None:
        return  # the comparison on all rows says so
    told = [(f"{one.slice} {one.range}", one.difference) for one in found.slices if one.difference is not None]
    least, worse = ends_below(told, bound, "+.4f")
    sentence = (
        f"Surely below production by more than {-bound:g}: {', '.join(worse)}."
        if worse
        else f"In none of {len(told)} slices with enough rows is it surely below production by more than {-bound:g}."
    )
    yield Check("slices_versus_production", not worse, least, bound, sentence)


def _days(dates: list[str]) -> str:
    return dates[0] if len(dates) == 1 else f"{min(dates)} to {max(dates)}" if dates else "no date"


SAME_ROWS = (rows, repeats, first, versus_production, versus_production_delong, slices_versus_production)
