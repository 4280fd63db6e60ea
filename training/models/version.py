"""A registered version: what it is made of, and whether the same one is there already."""

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

#: what a version needs wherever it scores.
PACKAGES = ("mlflow", "numpy", "pandas", "catboost", "xgboost-cpu", "scikit-learn")


def packages() -> dict[str, str]:
    """The installed versions of `PACKAGES`."""
    return {package: package_version(package) for package in PACKAGES}


def register(bundle: Path, model: str, judging: Frame, proof: Mapping[str, Any], card: str, mark: str) -> str:
    """Log the bundle as a model of the active run, register it and make it the challenger.

    Args:
        bundle: folder of the fitted model.
        model: registered name.
        judging: rows to take the input example from.
        proof: the evidence, stored with the model.
        card: what a person reads on the version's page, in Markdown.
        mark: fingerprint, to find the version again.

    Returns:
        Its version number.
    """
    example = pd.DataFrame(judging.rows[:5], columns=list(judging.names))
    (bundle / "evidence.json").write_text(json.dumps(proof, indent=1, sort_keys=True) + "\n")
    with _no_compiled_code():
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(churn_model.__file__),
            artifacts={"bundle": str(bundle)},
            signature=_signature(judging.names),
            input_example=(example, {"explain": True}),
            pip_requirements=[f"{package}=={number}" for package, number in packages().items()],
            registered_model_name=model,
        )
    client, number = mlflow.MlflowClient(), str(info.registered_model_version)
    client.update_model_version(model, number, description(card))
    tags = {
        "fingerprint": mark,
        "family": proof["family"],
        "auc": f"{proof['metrics']['auc']['value']:.4f}",
        "validation": judging.validation,
    }
    for key, value in tags.items():
        client.set_model_version_tag(model, number, key, value)
    client.set_registered_model_alias(model, "challenger", number)
    return number


@contextmanager
def _no_compiled_code() -> Iterator[None]:
    """MLflow tries the example on the files that it then stores: Python must not leave compiled code among them."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _signature(names: tuple[str, ...]) -> ModelSignature:
    """Every feature is a double: a null in an integer column would not pass the Spark UDF."""
    reasons = [ColSpec("string", f"reason_{place + 1}", required=False) for place in range(REASONS)]
    return ModelSignature(
        inputs=Schema([ColSpec("double", name, required=True) for name in names]),
        outputs=Schema([ColSpec("double", "churn_probability"), *reasons]),
        params=ParamSchema([ParamSpec("explain", "boolean", False)]),
    )


def find(model: str, mark: str) -> tuple[str, dict[str, Any]] | None:
    """Number and evidence of the version with this fingerprint, made the challenger again; None if there is none."""
    client = mlflow.MlflowClient()
    for found in client.search_model_versions(f"name = '{model}'", order_by=["version_number DESC"]):
        if found.tags.get("fingerprint") == mark:
            client.set_registered_model_alias(model, "challenger", found.version)
            return str(found.version), json.loads(mlflow.artifacts.load_text(f"runs:/{found.run_id}/evidence.json"))
    return None
