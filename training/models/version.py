"""Register model versions, and find the version of an equal training."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

from training.data.frame import Frame
from training.models import churn_model
from training.models.churn_model import REASONS
from training.report.model_card import description

#: packages that a version needs for scoring.
PACKAGES = ("mlflow", "numpy", "pandas", "catboost", "xgboost-cpu", "scikit-learn")


def packages() -> dict[str, str]:
    """The installed versions of `PACKAGES`."""
    return {package: package_version(package) for package in PACKAGES}


def register(bundle: Path, model: str, test: Frame, evidence: Mapping[str, Any], card: str, fingerprint: str) -> str:
    """Log the bundle as a model of the active run, register it and make it the challenger.

    Args:
        bundle: folder of the fitted model.
        model: registered name.
        test: out-of-time rows; the first five are the input example.
        evidence: the evidence, stored with the model.
        card: model card in Markdown, for the version's page in MLflow.
        fingerprint: hash of the training's inputs, by which `find` looks up the version.

    Returns:
        Its version number.
    """
    example = pd.DataFrame(test.rows[:5], columns=list(test.names))
    (bundle / "evidence.json").write_text(json.dumps(evidence, indent=1, sort_keys=True) + "\n")
    with no_compiled_code():
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(churn_model.__file__),
            artifacts={"bundle": str(bundle)},
            signature=_signature(test.names),
            input_example=(example, {"explain": True}),
            pip_requirements=[f"{package}=={number}" for package, number in packages().items()],
            registered_model_name=model,
        )
    client, number = mlflow.MlflowClient(), str(info.registered_model_version)
    client.update_model_version(model, number, description(card))
    tags = {
        "fingerprint": fingerprint,
        "family": evidence["family"],
        "auc": f"{evidence['metrics']['auc']['value']:.4f}",
        "validation": test.validation,
    }
    for key, value in tags.items():
        client.set_model_version_tag(model, number, key, value)
    client.set_registered_model_alias(model, "challenger", number)
    return number


@contextmanager
def no_compiled_code() -> Iterator[None]:
    """Keep Python from writing compiled code beside the files that MLflow scores the example with and stores."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _signature(names: tuple[str, ...]) -> ModelSignature:
    """Signature with a double for every feature: the Spark UDF refuses null in integer columns."""
    reasons = [ColSpec("string", f"reason_{place + 1}", required=False) for place in range(REASONS)]
    return ModelSignature(
        inputs=Schema([ColSpec("double", name, required=True) for name in names]),
        outputs=Schema([ColSpec("double", "churn_probability"), *reasons]),
        params=ParamSchema([ParamSpec("explain", "boolean", False)]),
    )


def find(model: str, fingerprint: str) -> tuple[str, dict[str, Any]] | None:
    """Find the version with this fingerprint and set its alias `challenger`.

    Returns:
        Its number and evidence; None if there is no such version.
    """
    client = mlflow.MlflowClient()
    for model_version in client.search_model_versions(f"name = '{model}'", order_by=["version_number DESC"]):
        if model_version.tags.get("fingerprint") == fingerprint:
            client.set_registered_model_alias(model, "challenger", model_version.version)
            return str(model_version.version), json.loads(
                mlflow.artifacts.load_text(f"runs:/{model_version.run_id}/evidence.json")
            )
    return None
