"""Deployability: the registered version is the evaluated one, complete, equal in all ways of scoring, and fast."""

from collections.abc import Iterator

from registry.gate.checks.check import Check, describe_maximum
from registry.gate.checks.inputs import CheckInputs, VersionInputs
from registry.gate.measurements import FeatureAvailability
from registry.gate.policy import PARITY_TOLERANCE, Policy


def version(inputs: VersionInputs, policy: Policy) -> Iterator[Check]:
    """The measurements are of the version to be judged, and of its files."""
    case, measurements = inputs.case, inputs.measurements
    problems = []
    if case.version_number is not None and measurements.version != case.version_number:
        problems.append(f"Version {measurements.version} was measured, but version {case.version_number} is judged.")
    if case.files_sha256 is not None and measurements.digest != case.files_sha256:
        problems.append(
            f"Its files had SHA-256 {measurements.digest[:12]} when measured and have {case.files_sha256[:12]} now."
        )
    sound = f"The measurements are of version {measurements.version}, files SHA-256 {measurements.digest[:12]}."
    yield Check("version", not problems, None, None, " ".join(problems) or sound)


def signature(inputs: VersionInputs, policy: Policy) -> Iterator[Check]:
    """Snapshots contain the features of the signature, and the signature has the outputs that scoring needs."""
    yield check_signature(inputs.measurements)


def check_signature(availability: FeatureAvailability) -> Check:
    """The check `signature`; it is the only one of a version that cannot be scored."""
    features, outputs = availability.features_missing, availability.outputs_missing
    problems = [f"The model needs {', '.join(features)}, but snapshots do not contain it."] * bool(features)
    problems += [f"The model does not return {', '.join(outputs)}, which scoring needs."] * bool(outputs)
    sound = "Snapshots contain all features of the signature, and the model returns all outputs that scoring needs."
    return Check("signature", not problems, len(features) + len(outputs), 0, " ".join(problems) or sound)


def parity_pyfunc(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """The registered model gives the probabilities of the model library."""
    yield _parity(inputs, "parity_pyfunc", inputs.measurements.parity.pyfunc, "The registered model")


def parity_spark(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """The Spark UDF gives the probabilities of the model library."""
    yield _parity(inputs, "parity_spark", inputs.measurements.parity.spark, "The Spark UDF")


def parity_texts(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """The Spark UDF gives the same reasons as the model, and none where the model gives none."""
    parity = inputs.measurements.parity
    sound = f"The Spark UDF gives the same reasons as the model on {parity.rows:,} sampled rows."
    sentence = f"The Spark UDF gives other reasons than the model: {'; '.join(parity.texts)}."
    yield Check("parity_texts", not parity.texts, len(parity.texts), 0, sentence if parity.texts else sound)


def _parity(inputs: CheckInputs, name: str, distance: float, path_name: str) -> Check:
    passed = distance <= PARITY_TOLERANCE
    return Check(
        name, passed, distance, PARITY_TOLERANCE,
        f"{path_name} differs from the model library by at most {distance:.1e} on "
        f"{inputs.measurements.parity.rows:,} sampled rows, {describe_maximum(passed, f'{PARITY_TOLERANCE:.0e}')}.",
    )  # fmt: skip


def freshness(inputs: CheckInputs, policy: Policy) -> Iterator[Check]:
    """The labels of the evaluated rows are recent."""
    if not inputs.evidence.data.is_out_of_time:
        return
    today, until, bound = inputs.measurements.as_of, inputs.measurements.rows.matured_until, policy.oldest_days
    if today is None or until is None:
        sentence = "The age of the labels is unknown: as_of or matured_until is missing."
        yield Check("freshness", False, None, bound, sentence)
        return
    age = (today - until).days
    passed = 0 <= age <= bound
    sentence = (
        f"The labels end on {until}, after the end of the data on {today}."
        if age < 0
        else f"The labels end {age} days before the data ends on {today}, {describe_maximum(passed, f'{bound}')} days."
    )
    yield Check("freshness", passed, age, bound, sentence)


def size(inputs: VersionInputs, policy: Policy) -> Iterator[Check]:
    """The files are small enough to be sent to every worker."""
    megabytes, bound = inputs.measurements.bytes / 1e6, policy.largest_megabytes
    passed = megabytes <= bound
    sentence = f"The version's files have {megabytes:.1f} megabytes, {describe_maximum(passed, f'{bound:g}')}."
    yield Check("size", passed, megabytes, bound, sentence)


def latency(inputs: VersionInputs, policy: Policy) -> Iterator[Check]:
    """Scoring is fast enough."""
    milliseconds, bound = inputs.measurements.ms_per_1000_rows, policy.slowest_ms_per_1000_rows
    passed = milliseconds <= bound
    sentence = f"Scoring 1,000 rows takes {milliseconds:.0f} milliseconds, {describe_maximum(passed, f'{bound:g}')}."
    yield Check("latency", passed, milliseconds, bound, sentence)


DEPLOYABILITY_CHECKS = (
    version, signature, parity_pyfunc, parity_spark, parity_texts, freshness, size, latency,
)  # fmt: skip
