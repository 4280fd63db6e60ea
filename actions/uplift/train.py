"""Learn the effects of a project's actions, and register the learner as challenger if the result can be used."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd

from actions.declare.plan import ActionPlan
from actions.experiment import Experiment, Floats
from actions.policy.value import policy_evidence
from actions.uplift.evaluation import Evaluation, evaluate_learners
from actions.uplift.evidence import KIND, UpliftResults, data_of, measure, uplift_evidence
from actions.uplift.judged_rows import JudgedRows, experiment_digest
from actions.uplift.report.card import uplift_card, uplift_note
from actions.uplift.report.pictures import uplift_gallery
from actions.uplift.version import register_uplift, write_uplift_bundle
from stack.folders.digest import folder_sha256
from training.models.version import find, packages
from training.report.mlflow_logging import NOTE, active, commit

#: tag of a run of this kind: hash of its inputs, by which an equal one is found again.
FINGERPRINT_TAG = "prichal.uplift"
#: days after an assignment in which contacts of other campaigns are counted.
CONTAMINATION_DAYS = 30


@dataclass(frozen=True)
class UpliftRequest:
    """What to learn from.

    Attributes:
        experiment: all rows.
        project: name of the project.
        model: registered name.
        code: hash of the code that determines the result.
        folder: of the model's judged rows, in the lake.
        value: of a person kept, in the currency of the experiment's costs; None if it is not known: then actions are
            compared by their effects alone.
        plan: the project's action plan, if the experiment is of its actions: then the evidence says what the policy
            would have earned; None for other experiments.
        contaminated_share: of control rows with a contact outside the design; None if it was not counted.
        campaign_people: people of today's campaign, at most: budget and capacities of the plan are for them, and are
            scaled to the size of each past campaign.
        seed: random seed.
        say: receives lines for the console.
    """

    experiment: Experiment
    project: str
    model: str
    code: str
    folder: Path
    value: float | None = None
    plan: ActionPlan | None = None
    contaminated_share: float | None = None
    campaign_people: int | None = None
    seed: int = 1
    say: Callable[[str], None] = lambda line: None

    @property
    def price(self) -> Floats:
        """Cost of each action divided by the value of a person kept, (actions,)."""
        cost = self.experiment.cost[1:]
        return np.zeros(len(cost)) if self.value is None else cost / self.value

    @property
    def fingerprint(self) -> str:
        """Hash of everything that determines the result."""
        facts = [
            experiment_digest(self.experiment), self.project, self.model, self.code, self.price.tolist(),
            str(self.plan), self.contaminated_share, self.campaign_people, self.seed, packages(),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class UpliftOutcome:
    """What `uplift` found.

    Attributes:
        model: registered name.
        version: the challenger; None if no result could be registered.
        evidence: content of the evidence file.
        reused: whether an earlier run with the same data, code and settings had the same result.
    """

    model: str
    version: str | None
    evidence: dict[str, Any]
    reused: bool


def learn_effects(request: UpliftRequest) -> UpliftOutcome:
    """Fit, choose, judge, log and register; the active MLflow run is the parent.

    Raises:
        ExperimentError: too few rows, or an arm in which nobody left.
    """
    earlier = _find_earlier(request)
    if earlier is not None:
        return earlier
    experiment = request.experiment
    mlflow.log_params(
        {"project": request.project, "model": request.model, "rows": len(experiment), "seed": request.seed,
         "campaigns": len(np.unique(experiment.campaigns.astype(str))), "actions": len(experiment.arms) - 1}
    )  # fmt: skip
    evaluation = evaluate_learners(experiment, request.price, request.seed, request.say)
    results = measure(experiment, evaluation, request.seed, CONTAMINATION_DAYS, request.contaminated_share)
    about = _about(request, evaluation)
    evidence = {**uplift_evidence(results, about), **_policy(request, evaluation)}
    _log_learners(evidence)
    for name, figure in uplift_gallery(results, request.seed):
        mlflow.log_figure(figure, f"uplift/{name}.png")
    version = _register(request, results, evidence)
    request.say(f"uplift · {request.model}: {evidence['sentence']}")
    if version is not None:
        request.say(f"uplift · {evidence['learner']} registered as {request.model} version {version}, the challenger")
    mlflow.set_tag(FINGERPRINT_TAG, request.fingerprint)  # last: a killed run is not reused
    return UpliftOutcome(request.model, version, evidence, reused=False)


def _find_earlier(request: UpliftRequest) -> UpliftOutcome | None:
    """The outcome of an equal run; its version becomes the challenger again."""
    client, experiment_id = mlflow.MlflowClient(), mlflow.active_run().info.experiment_id
    condition = f"tags.`{FINGERPRINT_TAG}` = '{request.fingerprint}' and attributes.status = 'FINISHED'"
    runs = client.search_runs([experiment_id], condition, max_results=1)
    if not runs:
        return None
    evidence = json.loads(mlflow.artifacts.load_text(f"runs:/{runs[0].info.run_id}/evidence.json"))
    registered = find(request.model, request.fingerprint)
    if evidence["registered"] and registered is None:
        return None  # its version was deleted
    if registered is not None:
        evidence = registered[1]
    else:
        _withdraw_challenger(request.model)
    request.say(f"uplift · {request.model}: same data, code and settings as before; nothing to fit")
    request.say(f"uplift · {request.model}: {evidence['sentence']}")
    return UpliftOutcome(request.model, registered[0] if registered else None, evidence, reused=True)


def _about(request: UpliftRequest, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "project": request.project, "population": KIND, "model": request.model, "run_id": active(),
        "code": request.code, "commit": commit(), "packages": packages(), "seed": request.seed,
        "price": dict(zip(request.experiment.arms[1:], request.price.tolist(), strict=True)),
        "data": data_of(request.experiment, evaluation),
    }  # fmt: skip


def _policy(request: UpliftRequest, evaluation: Evaluation) -> dict[str, Any]:
    """The entry `policy`: what the policy of the selected learner would have earned in the judged campaigns."""
    if request.plan is None:
        return {}
    judged = evaluation.split.judged
    effects = evaluation.selected.bundle.effects(judged.rows)
    evidence = policy_evidence(judged, effects, request.plan, request.campaign_people, request.seed)
    request.say(f"uplift · {evidence['sentence']}")
    return {"policy": evidence}


def _log_learners(evidence: Mapping[str, Any]) -> None:
    """A nested run for each learner."""
    for item in evidence["candidates"]:
        tags = {"prichal.kind": "uplift learner", "prichal.learner": item["name"]}
        with mlflow.start_run(run_name=f"uplift · {item['name']}", nested=True, tags=tags):
            mlflow.log_params({"learner": item["name"], "description": item["description"]})
            mlflow.log_metrics(
                {"slope": item["slope"], **_flat("development_gain", item["development"]),
                 **_flat("judged_gain", item["judged"])}
            )  # fmt: skip


def _register(request: UpliftRequest, results: UpliftResults, evidence: dict[str, Any]) -> str | None:
    """Log evidence and card, and register the learner if there is something to use; return its version."""
    evaluation = results.evaluation
    bundle = evaluation.selected.bundle
    names = ("project", "population", "data", "code", "commit", "packages")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bundle"
        write_uplift_bundle(folder, bundle, {name: evidence[name] for name in names})
        evidence["bundle_sha256"] = folder_sha256(folder)  # the gate accepts this evidence for these files only
        card = uplift_card(evidence)
        _log_evidence(evidence, card)
        if not results.is_registered:
            _withdraw_challenger(request.model)
            return None
        judged = evaluation.split.judged
        effects = bundle.effects(judged.rows)
        JudgedRows(judged, evaluation.log_odds[1], effects, request.price).write(request.folder)
        return register_uplift(folder, request.model, judged.rows, evidence, card, request.fingerprint)


def _log_evidence(evidence: Mapping[str, Any], card: str) -> None:
    mlflow.log_text(card, "model_card.md")
    mlflow.log_dict(dict(evidence), "evidence.json")
    mlflow.log_table(pd.json_normalize(evidence["candidates"], sep="_"), "evidence/candidates.json")
    mlflow.set_tags(
        {NOTE: uplift_note(evidence), "prichal.uplift_result": evidence["sentence"],
         "prichal.learner": evidence["learner"]}
    )  # fmt: skip
    metrics = {
        **_flat("gain", evidence["gain"]["area"]),
        **_flat("gain_over_constant", evidence["gain"]["over_constant"]),
    }
    for name, effect in evidence["average_effects"].items():
        metrics |= _flat(f"average_effect_{name}", effect)
    mlflow.log_metrics(metrics)


def _withdraw_challenger(model: str) -> None:
    """Without a usable result, an earlier challenger must not be promoted; the version in production stays."""
    from mlflow.exceptions import MlflowException

    try:
        mlflow.MlflowClient().delete_registered_model_alias(model, "challenger")
    except MlflowException as error:
        if error.error_code not in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            raise


def _flat(name: str, interval: Mapping[str, float]) -> dict[str, float]:
    return {name: interval["value"], f"{name}_low": interval["low"], f"{name}_high": interval["high"]}
