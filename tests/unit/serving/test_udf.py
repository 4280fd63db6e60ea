"""A version's signature shows missing features and outputs before a row is scored."""

import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from serving.udf import OUTPUTS, SignatureGap, signature_gap


def signature(names: list[str], outputs: list[str]) -> ModelSignature:
    return ModelSignature(
        inputs=Schema([ColSpec("double", name) for name in names]),
        outputs=Schema([ColSpec("string", name) for name in outputs]) if outputs else None,
    )


@pytest.mark.parametrize(
    ("names", "outputs", "gap"),
    [
        (["days"], list(OUTPUTS), SignatureGap((), ())),
        (["days", "gone"], list(OUTPUTS), SignatureGap(("gone",), ())),
        (["days"], ["churn_probability", "reason_1"], SignatureGap((), ("reason_2", "reason_3"))),
        (["days"], [], SignatureGap((), tuple(OUTPUTS))),
    ],
    ids=["nothing", "a feature that is gone", "reasons not declared", "no outputs declared"],
)
def test_missing_features_and_outputs_are_named(names: list[str], outputs: list[str], gap: SignatureGap):
    assert signature_gap(signature(names, outputs), ["days", "count"]) == gap
