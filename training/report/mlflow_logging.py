"""Logging of a training to MLflow: names are equal in all runs, so that the UI can compare them."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import mlflow
import pandas as pd

from training.data.folds import Split
from training.data.frame import Frame
from training.data.validation import OUT_OF_TIME, validation_name
from training.report.run_note import point_differences, run_note
from training.search.search import Trial

NOTE = "mlflow.note.content"
#: maximum number of finished trials that a search reads.
MAX_TRIALS = 5000


def log_inputs(development: Frame, test: Frame, split: Split) -> None:
    """Log both data sets with their digests, and the dates of the split."""
    test_context = _key(test.validation_name)
    for frame, context in ((development, "development"), (test, test_context)):
        data = mlflow.data.from_pandas(
            frame.pandas(), source=f"snapshots {frame.as_of.min()} to {frame.as_of.max()}", targets="label",
            name=context, digest=frame.digest()[:36],
        )  # fmt: skip
        mlflow.log_input(data, context=context)
        mlflow.log_params({f"{context}_rows": len(frame), f"{context}_digest": frame.digest()[:16]})
    unit = "dates" if test.validation_name == OUT_OF_TIME else "parts"  # without dates, people are split into parts
    mlflow.log_params(
        {
            f"development_{unit}": _span(split.development),
            f"calibration_{unit}": _span(split.calibrate),
            f"{test_context}_{unit}": _span(split.out_of_time),
            "validation": test.validation,
            "folds": len(split.folds),
        }
    )


def log_trial(population: str, trial: Trial, search_fingerprint: str) -> None:
    """A nested run for one parameter set; a later search with the same fingerprint does not run it again."""
    tags = {
        "prichal.kind": "trial",
        "prichal.family": trial.family,
        "prichal.population": population,
        "prichal.pruned": str(trial.pruned).lower(),
        "prichal.search": search_fingerprint,
        "prichal.trial": json.dumps(asdict(trial)),
    }
    title = run_name(population, trial.family, f"trial {trial.number}")
    with mlflow.start_run(run_name=title, nested=True, tags=tags):
        mlflow.log_params({"family": trial.family, **trial.params})
        for place, value in enumerate(trial.fold_aucs):
            mlflow.log_metric("fold_auc", value, step=place)
        # A mean of fewer folds is another figure and must not be sorted with the others.
        name = "mean_auc_of_first_folds" if trial.pruned else "mean_fold_auc"
        mlflow.log_metrics({name: trial.auc} | ({} if trial.pruned else {"loss": 1.0 - trial.auc}))
        if not math.isnan(trial.variance):
            mlflow.log_metric("loss_variance", trial.variance)


def run_name(*parts: str) -> str:
    """Name of a run in the UI: population, family, trial."""
    return " · ".join(parts)


def trials_done(search_fingerprint: str) -> dict[int, Trial]:
    """Finished trials of the search with this fingerprint, by number; their runs are moved below the active run."""
    client, parent = mlflow.MlflowClient(), mlflow.active_run().info
    condition = f"tags.`prichal.search` = '{search_fingerprint}' and attributes.status = 'FINISHED'"
    trials = {}
    for run in client.search_runs([parent.experiment_id], condition, max_results=MAX_TRIALS):
        client.set_tag(run.info.run_id, "mlflow.parentRunId", parent.run_id)
        stored = json.loads(run.data.tags["prichal.trial"])
        trial = Trial(**{**stored, "fold_aucs": tuple(stored["fold_aucs"])})
        trials[trial.number] = trial
    return trials


def log_evaluation(results: list[dict[str, Any]], runs: Mapping[str, str], about: Mapping[str, Any]) -> None:
    """Log data, out-of-time figures and note on the run of each candidate."""
    client = mlflow.MlflowClient()
    inputs = client.get_run(active()).inputs.dataset_inputs
    for candidate in results:
        run = runs[candidate["name"]]
        client.log_inputs(run, inputs)
        for name, value in figures(candidate, validation_name(about["data"])).items():
            client.log_metric(run, name, value)
        client.set_tag(run, NOTE, run_note(candidate, about, point_differences(candidate["name"], results)))


def log_reproduction_params(run: str, params: Mapping[str, Any]) -> None:
    """Log the parameters that `refit` needs to fit the model again."""
    mlflow.log_params(dict(params), run_id=run)


def reasons(evidence: Mapping[str, Any]) -> dict[str, float]:
    """Stability of the reasons when the model is fitted again, by metric name."""
    return {f"reasons_{name}": evidence["reasons_stability"][name] for name in ("top_same", "rank_correlation")}


def log_note(evidence: Mapping[str, Any]) -> None:
    """Log the note with the five figures of the chosen candidate on the training's run."""
    mlflow.set_tag(NOTE, run_note(evidence, evidence, evidence["baselines"]))


def log_evidence(evidence: Mapping[str, Any]) -> None:
    """Log the evidence as a file, and its slices, months and differences as tables."""
    mlflow.log_dict(dict(evidence), "evidence.json")
    for name in ("slices", "months", "differences"):
        if evidence[name]:
            mlflow.log_table(pd.json_normalize(evidence[name], sep="_"), f"evidence/{name}.json")


def figures(evidence: Mapping[str, Any], validation_name: str = OUT_OF_TIME) -> dict[str, float]:
    """All figures of a candidate or of the evidence, with the prefix of its test rows.

    `oot_auc`, `oot_auc_low`, `oot_auc_high`, and so on; `oot_undecided_auc` without people whose auto-renewal was off.
    For a stratified holdout the prefix is `held_out_`.
    """
    prefix, profit = (
        "oot_" if validation_name == OUT_OF_TIME else f"{_key(validation_name)}_",
        evidence.get("profit") or {},
    )
    return {
        **_flat(prefix, evidence["metrics"]),
        **_flat(prefix, {name: profit[name] for name in ("best_budget", "best_profit") if name in profit}),
        **_flat(f"{prefix}undecided_", evidence.get("metrics_undecided", {})),
    }


def _flat(prefix: str, metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, interval in metrics.items():
        flat |= {
            f"{prefix}{name}": interval["value"],
            f"{prefix}{name}_low": interval["low"],
            f"{prefix}{name}_high": interval["high"],
        }
    return flat


def active() -> str:
    """The id of the active run."""
    return str(mlflow.active_run().info.run_id)


def commit() -> str | None:
    """The git commit that MLflow found for the active run; None outside a checkout."""
    git_commit = mlflow.active_run().data.tags.get("mlflow.source.git.commit")
    return str(git_commit) if git_commit else None


def _key(words: str) -> str:
    return words.replace(" ", "_")


def _span(days: tuple[date, ...]) -> str:
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]} ({len(days)})"
