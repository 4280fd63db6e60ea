"""What a data scientist finds in MLflow after a training: data, note, card, pictures, a model to be made again."""

import json
from datetime import date
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion

from features import Snapshots
from projects import load_project
from tests.end_to_end.conftest import Clone
from training import read_frame
from training.models.bundle import write_bundle
from training.search.candidate import Candidate
from training.search.reproduction import reproduce

PICTURES = {"calibration", "dependence", "drivers", "features", "found_by_budget", "reasons", "roc", "scores"}


@pytest.fixture(scope="session")
def version(clone: Clone, morning: object) -> ModelVersion:
    mlflow.set_tracking_uri(clone.environment["MLFLOW_TRACKING_URI"])
    return MlflowClient().get_model_version_by_alias("cdnow_churn", "production")


@pytest.fixture(scope="session")
def training(version: ModelVersion) -> Run:
    return MlflowClient().get_run(version.run_id)


def test_a_refit_from_the_runs_parameters_equals_the_registered_model(
    clone: Clone, version: ModelVersion, training: Run, tmp_path: Path
) -> None:
    project = load_project("cdnow")
    snapshots, names = Snapshots(clone.lake, project.spec), [feature.name for feature in project.features]
    evidence = json.loads(mlflow.artifacts.load_text(f"runs:/{version.run_id}/evidence.json"))

    def repeat(days: list[str]) -> Candidate:
        folders = [snapshots.path(date.fromisoformat(day)) for day in days]
        return reproduce(training.data.params, read_frame(folders, names, project.entity, evidence["population"]))

    registered, judged = repeat(evidence["refit"]["dates"]), repeat(evidence["data"]["development"])
    downloaded = mlflow.artifacts.download_artifacts(f"models:/cdnow_churn/{version.version}", dst_path=str(tmp_path))
    stored = next(Path(downloaded).rglob("model.json")).parent
    provenance = json.loads((stored / "model.json").read_text())["provenance"]
    write_bundle(tmp_path / "again", registered, project.features, provenance, judged)
    written = [path for path in (tmp_path / "again").rglob("*") if path.is_file()]
    assert len(written) >= 4
    for built in written:
        name = built.relative_to(tmp_path / "again")
        assert built.read_bytes() == (stored / name).read_bytes(), name


def test_the_version_has_its_card(version: ModelVersion, training: Run) -> None:
    card = mlflow.artifacts.load_text(f"runs:/{version.run_id}/model_card.md")
    assert "The whole review" in version.description, "the review is on the version's page, and the card where it says"
    assert "`model_card.md`" in version.description
    assert f"{training.data.metrics['oot_auc']:.4f} ({training.data.metrics['oot_auc_low']:.4f} to" in card
    assert "11,992" in card


def test_the_note_of_every_candidate_and_of_the_training_has_five_figures(training: Run) -> None:
    below = f"tags.`mlflow.parentRunId` = '{training.info.run_id}' and tags.`prichal.kind` = 'candidate'"
    candidates = MlflowClient().search_runs([training.info.experiment_id], below)
    assert {run.info.run_name for run in candidates} == {
        f"active · {family}" for family in ("recency", "logistic", "catboost", "xgboost")
    }
    for run in (training, *candidates):
        note = run.data.tags["mlflow.note.content"]
        assert note.count("\n- ") == 4
        assert f"**: {run.data.metrics['oot_auc']:.4f} (" in note
        assert {item.dataset.name for item in run.inputs.dataset_inputs} == {"development", "out_of_time"}


def test_pictures_are_among_the_artifacts(training: Run) -> None:
    result = {Path(item.path).stem for item in MlflowClient().list_artifacts(training.info.run_id, "curves")}
    assert result >= PICTURES


def test_the_stability_of_the_reasons_is_a_metric(training: Run) -> None:
    for name in ("reasons_top_same", "reasons_rank_correlation"):
        assert 0.5 < training.data.metrics[name] <= 1, name


def test_example_and_signature_include_the_reasons(version: ModelVersion) -> None:
    info = mlflow.models.get_model_info(f"models:/cdnow_churn/{version.version}")
    assert [item.name for item in info.signature.params.params] == ["explain"]
    model = mlflow.pyfunc.load_model(f"models:/cdnow_churn/{version.version}")
    predicted = model.predict(model.input_example, params={"explain": True})
    assert len(predicted) == 5
    assert predicted["churn_probability"].between(0, 1).all()
    assert predicted["reason_1"].notna().any()
