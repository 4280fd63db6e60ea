"""A review where people find it: on the version's page in MLflow, and as a file of the promotion's run."""

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
    """What a reviewer reads: `markdown` on the version's page, `html` with everything; `file` is its artifact path."""

    markdown: str
    html: str
    file: str


def review(
    contenders: Contenders,
    measured: Mapping[str, Any] | None,
    decision: Decision,
    pictures: Mapping[str, bytes] | None = None,
    *,
    waits: bool = False,
    together: bool = False,
    when: datetime | None = None,
    address: str | None = None,
) -> Review:
    """Both forms of one review; it is made from whatever there is, and never fails for what is missing.

    Args:
        contenders: the challenger and the version in production.
        measured: what the promotion measured, as it was handed in; None if it could not be.
        decision: the gate's.
        pictures: PNGs by name (`CAPTIONS` in contents.py).
        waits: whether a person has to approve what the gate accepts.
        together: whether other models wait with it, as one release.
        when: the moment of the decision.
        address: what the MLflow UI shows the HTML under.
    """
    page = contents(contenders, measured, decision, pictures or {}, waits, together, when)
    file = file_of(contenders.challenger.model, contenders.challenger.number)
    return Review(as_markdown(page, file, address), as_html(page), file)


def file_of(model: str, number: str) -> str:
    """Artifact path of the HTML."""
    return f"review/{model}_version_{number}.html"


def address_of(model: str, number: str) -> str | None:
    """What the MLflow UI shows the HTML of the active run under; None without a run."""
    run = mlflow.active_run()
    if run is None:
        return None
    return f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/{file_of(model, number)}"


def publish(contenders: Contenders, made: Review) -> None:
    """Log the HTML in the active run and make the Markdown the description of the challenger."""
    mlflow.log_text(made.html, made.file)
    MlflowClient().update_model_version(contenders.challenger.model, contenders.challenger.number, made.markdown)


def tell_outcome(model: str, number: str, sentence: str) -> None:
    """Put what became of a version on top of its description: who, what, when, why."""
    client = MlflowClient()
    before = client.get_model_version(model, number).description or ""
    client.update_model_version(model, number, with_outcome(before, sentence))
