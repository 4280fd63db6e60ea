"""Questions to the version as scoring will meet it: the one that was judged, whole, the same everywhere, fast."""

from collections.abc import Iterator

from registry.gate.checks.check import Check
from registry.gate.checks.inputs import CheckInputs
from registry.gate.measurements import FeatureAvailability
from registry.gate.policy import Policy

#: how far a probability may lie from the model library's own, whichever way it is made.
TOLERANCE = 1e-9


def version(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Was this very version measured?"""
    case, found = inputs.case, inputs.measured
    wrong = []
    if case.number is not None and found.version != case.number:
        wrong.append(f"Version {found.version} was measured, and version {case.number} is to be judged.")
    if case.digest is not None and found.digest != case.digest:
        wrong.append(f"Its files were {found.digest[:12]} when it was measured, and are {case.digest[:12]}.")
    sound = f"Measured was version {found.version}, files {found.digest[:12]}."
    yield Check("version", not wrong, None, None, " ".join(wrong) or sound)


def signature(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Can scoring supply what it asks for, and does it promise what scoring needs?"""
    yield supplied(inputs.measured)


def supplied(supply: FeatureAvailability) -> Check:
    """The answer, which is all there is of a version that cannot be scored."""
    features, outputs = supply.features_missing, supply.outputs_missing
    wrong = [f"It needs {', '.join(features)}, which snapshots do not hold."] * bool(features)
    wrong += [f"It does not give {', '.join(outputs)}, which scoring needs."] * bool(outputs)
    sound = "Snapshots hold all features it asks for, and it gives all that scoring needs."
    return Check("signature", not wrong, len(features) + len(outputs), 0, " ".join(wrong) or sound)


def parity_pyfunc(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Does the registered model say what the model library says?"""
    yield _parity(inputs, "parity_pyfunc", inputs.measured.parity.pyfunc, "The registered model")


def parity_spark(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Does its Spark UDF?"""
    yield _parity(inputs, "parity_spark", inputs.measured.parity.spark, "Its Spark UDF")


def parity_texts(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Does its Spark UDF give the same reasons, and none where there is none?"""
    different = inputs.measured.parity.texts
    sound = f"Its Spark UDF gives the same reasons as the model on {inputs.measured.parity.rows:,} sampled rows."
    sentence = f"Its Spark UDF does not give the model's reasons: {'; '.join(different)}."
    yield Check("parity_texts", not different, len(different), 0, sentence if different else sound)


def _parity(inputs: CheckInputs, name: str, distance: float, who: str) -> Check:
    passed = distance <= TOLERANCE
    return Check(
        name, passed, distance, TOLERANCE,
        f"{who} lies at most {distance:.1e} from the model library itself on {inputs.measured.parity.rows:,} sampled "
        f"rows; {'within' if passed else 'more than'} {TOLERANCE:.0e}.",
    )  # fmt: skip


def freshness(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Are the labels that judge it recent?"""
    if not inputs.evidence.data.is_out_of_time:
        return
    today, until, bound = inputs.measured.as_of, inputs.measured.rows.matured_until, policy.oldest_days
    if today is None or until is None:
        sentence = "How old the labels are is not told: as_of or matured_until is missing."
        yield Check("freshness", False, None, bound, sentence)
        return
    age = (today - until).days
    passed = 0 <= age <= bound
    said = "they look beyond it" if age < 0 else f"{'at most' if passed else 'more than the'} {bound} are allowed"
    sentence = f"The labels that judge end {age} days before the data does, {today}; {said}."
    yield Check("freshness", passed, age, bound, sentence)


def size(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Is it small enough to be sent to every worker?"""
    megabytes, bound = inputs.measured.bytes / 1e6, policy.largest_megabytes
    passed = megabytes <= bound
    said = f"{'at most' if passed else 'more than the'} {bound:g} are allowed"
    yield Check("size", passed, megabytes, bound, f"Its files have {megabytes:.1f} megabytes; {said}.")


def latency(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """Is it fast enough?"""
    taken, bound = inputs.measured.ms_per_1000_rows, policy.slowest_ms_per_1000_rows
    passed = taken <= bound
    said = f"{'at most' if passed else 'more than the'} {bound:g} are allowed"
    yield Check("latency", passed, taken, bound, f"1,000 rows with reasons take {taken:.0f} milliseconds; {said}.")


USABLE = (version, signature, parity_pyfunc, parity_spark, parity_texts, freshness, size, latency)
