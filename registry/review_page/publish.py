"""Publish a review: as the description of the version in MLflow, and as a file of the promotion's run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import mlflow
from mlflow import MlflowClient

from registry.gate.gate import Decision
from registry.review_page.contents import contents
from registry.review_page.html import as_html
from registry.review_page.markdown import as_markdown, with_outcome
from registry.versions.versions import Contenders


@dataclass(frozen=True)
class Review:
    """`markdown` for the description of the version, `html` with all details; `file` is its artifact path."""

    markdown: str
    html: str
    file: str


def review(
    contenders: Contenders,
    measured: Mapping[str, Any] | None,
    decision: Decision,
    pictures: Mapping[str, bytes] | None = None,
    *,
    needs_approval: bool = False,
    together: bool = False,
    when: datetime | None = None,
    address: str | None = None,
) -> Review:
    """Both forms of one review; missing data is shown as not known and raises no error.

    Args:
        contenders: the challenger and the version in production.
        measured: measurements of the promotion as they are; None if there are none.
        decision: the gate's.
        pictures: PNGs by name (`CAPTIONS` in contents.py).
        needs_approval: whether an accepted version needs an approval.
        together: whether the review is of a release with other models.
        when: the moment of the decision.
        address: of the HTML in the MLflow UI.
    """
    page = contents(contenders, measured, decision, pictures or {}, needs_approval, together, when)
    file = file_of(contenders.challenger.model, contenders.challenger.number)
    return Review(as_markdown(page, file, address), as_html(page), file)


def file_of(model: str, number: str) -> str:
    """Artifact path of the HTML."""
    return f"review/{model}_version_{number}.html"


def address_of(model: str, number: str) -> str | None:
    """Address of the HTML in the MLflow UI, for the active run; None without a run."""
    run = mlflow.active_run()
    if run is None:
        return None
    return f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/{file_of(model, number)}"


def publish(contenders: Contenders, page: Review) -> None:
    """Log the HTML in the active run, and set the description of the challenger."""
    mlflow.log_text(page.html, page.file)
    MlflowClient().update_model_version(contenders.challenger.model, contenders.challenger.number, page.markdown)


def add_outcome(model: str, number: str, sentence: str) -> None:
    """Put the outcome of a version on top of its description: who, what, when, why."""
    client = MlflowClient()
    before = client.get_model_version(model, number).description or ""
    client.update_model_version(model, number, with_outcome(before, sentence))
