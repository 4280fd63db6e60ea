"""Write a learner as a bundle, and register it as a version in MLflow."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from actions.experiment import Floats
from actions.uplift import uplift_model
from actions.uplift.uplift_model import UpliftBundle
from training.models.version import no_compiled_code, packages
from training.report.model_card import description

#: rows of the input example.
EXAMPLE_ROWS = 5


def write_uplift_bundle(folder: Path, bundle: UpliftBundle, provenance: Mapping[str, Any]) -> None:
    """Write `model.json`, `family.py` and the native files into `folder`.

    Args:
        folder: replaced if it exists.
        bundle: the fitted learner.
        provenance: project, population, data, code and package versions.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if bundle.family is not None:
        shutil.copyfile(str(bundle.family.__file__), folder / "family.py")
        for name, native in bundle.outcomes.items():
            (folder / name).mkdir()
            bundle.family.save(native, folder / name)
    for name, booster in bundle.boosters.items():
        booster.save_model(folder / f"{name}.ubj")
    card = {**bundle.card, "provenance": dict(provenance)}
    (folder / "model.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n")


def register_uplift(
    folder: Path, model: str, rows: Floats, evidence: Mapping[str, Any], card: str, fingerprint: str
) -> str:  # fmt: skip
    """Log the bundle as a model of the active run, register it and make it the challenger.

    Args:
        folder: of the bundle.
        model: registered name.
        rows: (n, features); the first ones are the input example.
        evidence: stored with the model.
        card: model card in Markdown, for the version's page in MLflow.
        fingerprint: hash of the inputs.

    Returns:
        Its version number.
    """
    content = json.loads((folder / "model.json").read_text())
    (folder / "evidence.json").write_text(json.dumps(evidence, indent=1, sort_keys=True) + "\n")
    with no_compiled_code():
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(uplift_model.__file__),
            artifacts={"bundle": str(folder)},
            signature=uplift_signature(content["features"], content["actions"]),
            input_example=pd.DataFrame(rows[:EXAMPLE_ROWS], columns=content["features"]),
            pip_requirements=[f"{package}=={number}" for package, number in packages().items()],
            registered_model_name=model,
        )
    client, number = mlflow.MlflowClient(), str(info.registered_model_version)
    client.update_model_version(model, number, description(card))
    gain = evidence["gain"]["over_constant"]
    tags = {
        "fingerprint": fingerprint, "kind": "uplift", "learner": evidence["learner"],
        "gain_over_constant": f"{gain['value']:.4f}", "validation": evidence["data"]["validation"],
        "sentence": evidence["sentence"],
    }  # fmt: skip
    for key, value in tags.items():
        client.set_model_version_tag(model, number, key, value)
    client.set_registered_model_alias(model, "challenger", number)
    return number


def uplift_signature(features: list[str], actions: list[str]) -> ModelSignature:
    """Signature with a double for every feature and every effect."""
    return ModelSignature(
        inputs=Schema([ColSpec("double", name, required=True) for name in features]),
        outputs=Schema([ColSpec("double", f"effect_{action}") for action in actions]),
    )
