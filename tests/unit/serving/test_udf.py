"""What scoring lacks for a version is known by its signature, before a row is scored."""

import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from serving.udf import OUTPUTS, Lacking, lacking


def promising(names: list[str], outputs: list[str]) -> ModelSignature:
    return ModelSignature(
        inputs=Schema([ColSpec("double", name) for name in names]),
        outputs=Schema([ColSpec("string", name) for name in outputs]) if outputs else None,
    )


@pytest.mark.parametrize(
    ("names", "outputs", "lost"),
    [
        (["days"], list(OUTPUTS), Lacking((), ())),
        (["days", "gone"], list(OUTPUTS), Lacking(("gone",), ())),
        (["days"], ["churn_probability", "reason_1"], Lacking((), ("reason_2", "reason_3"))),
        (["days"], [], Lacking((), tuple(OUTPUTS))),
    ],
    ids=["nothing", "a feature that is gone", "reasons not promised", "no outputs told"],
)
def test_what_is_lacking_is_named(names: list[str], outputs: list[str], lost: Lacking):
    assert lacking(promising(names, outputs), ["days", "count"]) == lost
