"""Files of a version as MLflow stores them, with the code of this checkout and a model of three coefficients."""

from pathlib import Path
from typing import Any

import mlflow

from tests.unit.builders import feature
from training.models.bundle import write_bundle
from training.models.version import _signature
from training.search.candidate import Candidate

CODE = Path(__file__).parents[2] / "training" / "models" / "churn_model.py"
FEATURES = [
    feature("days_since_last", reason="Silent"),
    feature("sum", measure="minutes", reason="Spends little"),
    feature("count", reason="Comes rarely"),
]
NAMES = tuple(feature.name for feature in FEATURES)
#: whose model it is, as in `builders.EVIDENCE`.
PROVENANCE = {"project": "shop", "population": "active"}


def small_bundle(folder: Path, slopes: tuple[float, ...] = (1.0, -0.5, 0.25)) -> Path:
    """A logistic model that adds `slope * log(1 + value)` for each column."""
    zeros, ones = [0.0] * len(slopes), [1.0] * len(slopes)
    native = {"fill": zeros, "center": [ones, ones], "scale": [ones, ones], "slopes": [zeros, list(slopes)],
              "low": [[-1e9] * len(slopes)] * 2, "high": [[1e9] * len(slopes)] * 2,
              "if_null": zeros, "null_share": zeros, "intercept": 0.0}  # fmt: skip
    write_bundle(folder, Candidate("logistic", {}, native, {"slope": 1.0, "intercept": 0.0}, ()), FEATURES, PROVENANCE)
    return folder


def version_folder(folder: Path, code: Path = CODE, **options: Any) -> Path:
    """The files of a version; `options` go to MLflow."""
    bundle = small_bundle(folder / "bundle")
    files = folder / "version"
    mlflow.pyfunc.save_model(
        str(files), **{
            "python_model": str(code), "artifacts": {"bundle": str(bundle)}, "pip_requirements": [],
            "signature": _signature(NAMES), **options,
        }
    )  # fmt: skip
    return files
