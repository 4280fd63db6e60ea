"""Measurements of a response model for its promotion, on the judged rows of the challenger's evidence."""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException

from actions.uplift.comparison import compare_versions
from actions.uplift.judged_rows import JudgedRows
from jobs.runtime.actions.response_models import UPLIFT, judged_rows_folder, response_model
from jobs.runtime.context import Context
from jobs.runtime.promotion_measurements import MeasureError
from registry import Contenders, PromotionOutcome, Version, VersionFiles, approved_files, verified_files
from serving.udf import feature_names


@dataclass
class UpliftMeasurement:
    """Measures the contenders of one response model; a call returns the content of `measured.json`."""

    context: Context
    model: str

    def __call__(self, contenders: Contenders) -> Mapping[str, Any]:
        """Compute the gains of both versions, and how the challenger scores.

        Raises:
            PrichalError: a measurement failed; its sentence becomes the gate's reason.
        """
        challenger, incumbent = contenders.challenger, contenders.production
        digest = ((challenger.evidence or {}).get("data") or {}).get("judged_digest")
        if not isinstance(digest, str) or not digest.isalnum():
            raise MeasureError(f"The evidence of version {challenger.number} names no judged rows: run `-e uplift`.")
        judged = JudgedRows.read(judged_rows_folder(self.context, self.model), digest)
        with ExitStack() as opened:
            files = opened.enter_context(verified_files(challenger.model, challenger.number, challenger.files_sha256))
            identity = self._identity_and_gap(challenger, files)
            if identity["features_missing"] or identity["outputs_missing"]:
                return identity  # the version cannot be scored
            before = None
            if incumbent is not None:
                url = self.context.settings.require_database()
                approved = approved_files(url, incumbent.model, incumbent.number) or incumbent.files_sha256
                before = incumbent, opened.enter_context(verified_files(incumbent.model, incumbent.number, approved))
            return {**identity, **compare_versions(judged, files, before, self.context.project.training.seed)}

    def pictures(self, outcome: PromotionOutcome) -> Mapping[str, bytes]:
        """The pictures of the challenger's run, by name."""
        run_id = outcome.contenders.challenger.run_id if outcome.contenders else None
        if run_id is None:
            return {}
        try:
            with tempfile.TemporaryDirectory(prefix="prichal-pictures-") as scratch:
                mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=UPLIFT, dst_path=scratch)
                return {path.stem: path.read_bytes() for path in sorted(Path(scratch).rglob("*.png"))}
        except (MlflowException, OSError):
            return {}  # the page says the same without them

    def _identity_and_gap(self, challenger: Version, files: VersionFiles) -> dict[str, Any]:
        """The version measured, and what it lacks; only a model of the project needs the project's features."""
        project, features = self.context.project, feature_names(files.signature)
        available = {feature.name for feature in project.features}
        is_of_project = self.model == response_model(project.name)
        has_effects = any(column.name.startswith("effect_") for column in files.signature.outputs.inputs)
        return {
            "schema": 1,
            "project": project.name,
            "population": UPLIFT,
            "version": challenger.number,
            "digest": challenger.files_sha256,
            "features_missing": [name for name in features if name not in available] if is_of_project else [],
            "outputs_missing": [] if has_effects else ["effect_<action>"],
        }
