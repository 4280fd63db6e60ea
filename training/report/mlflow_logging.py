"""What a training writes to its MLflow runs: the same names everywhere, so that compare works."""

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
from training.data.validation import OUT_OF_TIME
from training.data.validation import judged as judged_as
from training.report.run_note import point_differences, run_note
from training.search.search import Trial

NOTE = "mlflow.note.content"
#: trials of one search that are read back.
MOST = 5000


def log_inputs(development: Frame, judging: Frame, cut: Split) -> None:
    """The two data sets with their digests, and the dates of the split."""
    held = _key(judging.judged)
    for frame, context in ((development, "development"), (judging, held)):
        data = mlflow.data.from_pandas(
            frame.pandas(), source=f"snapshots {frame.as_of.min()} to {frame.as_of.max()}", targets="label",
            name=context, digest=frame.digest()[:36],
        )  # fmt: skip
        mlflow.log_input(data, context=context)
        mlflow.log_params({f"{context}_rows": len(frame), f"{context}_digest": frame.digest()[:16]})
    unit = "dates" if judging.judged == OUT_OF_TIME else "parts"  # without dates, people are split into parts
    mlflow.log_params(
        {
            f"development_{unit}": _span(cut.development),
            f"calibration_{unit}": _span(cut.calibrate),
            f"{held}_{unit}": _span(cut.out_of_time),
            "validation": judging.validation,
            "folds": len(cut.folds),
        }
    )


def log_trial(population: str, trial: Trial, mark: str) -> None:
    """A nested run for one parameter set; when it is finished, a search with the same `mark` takes it as done."""
    tags = {
        "prichal.kind": "trial",
        "prichal.family": trial.family,
        "prichal.population": population,
        "prichal.pruned": str(trial.pruned).lower(),
        "prichal.search": mark,
        "prichal.trial": json.dumps(asdict(trial)),
    }
    title = run_name(population, trial.family, f"trial {trial.number}")
    with mlflow.start_run(run_name=title, nested=True, tags=tags):
        mlflow.log_params({"family": trial.family, **trial.params})
        for place, value in enumerate(trial.fold_aucs):
            mlflow.log_metric("fold_auc", value, step=place)
        # A mean of fewer folds is another figure: under the same name it would lead the list of runs.
        name = "mean_auc_of_first_folds" if trial.pruned else "mean_fold_auc"
        mlflow.log_metrics({name: trial.auc} | ({} if trial.pruned else {"loss": 1.0 - trial.auc}))
        if not math.isnan(trial.variance):
            mlflow.log_metric("loss_variance", trial.variance)


def run_name(*parts: str) -> str:
    """What a person reads in the list of runs: population, family, trial."""
    return " · ".join(parts)


def trials_done(mark: str) -> dict[int, Trial]:
    """Finished trials of the search with this mark, by number; their runs move below the active one."""
    client, here = mlflow.MlflowClient(), mlflow.active_run().info
    condition = f"tags.`prichal.search` = '{mark}' and attributes.status = 'FINISHED'"
    found = {}
    for run in client.search_runs([here.experiment_id], condition, max_results=MOST):
        client.set_tag(run.info.run_id, "mlflow.parentRunId", here.run_id)
        told = json.loads(run.data.tags["prichal.trial"])
        trial = Trial(**{**told, "fold_aucs": tuple(told["fold_aucs"])})
        found[trial.number] = trial
    return found


def log_judged(judged: list[dict[str, Any]], runs: Mapping[str, str], about: Mapping[str, Any]) -> None:
    """Data, out-of-time figures and note on each candidate's own run, named alike everywhere, so that compare works."""
    client = mlflow.MlflowClient()
    inputs = client.get_run(active()).inputs.dataset_inputs
    for one in judged:
        run = runs[one["name"]]
        client.log_inputs(run, inputs)
        for name, value in figures(one, judged_as(about["data"])).items():
            client.log_metric(run, name, value)
        client.set_tag(run, NOTE, run_note(one, about, point_differences(one["name"], judged)))


def log_recipe(run: str, recipe: Mapping[str, Any]) -> None:
    """The parameters that a model can be fitted again from."""
    mlflow.log_params(dict(recipe), run_id=run)


def reasons(proof: Mapping[str, Any]) -> dict[str, float]:
    """How alike the reasons stay when the model is fitted again."""
    return {f"reasons_{name}": proof["reasons_stability"][name] for name in ("top_same", "rank_correlation")}


def log_note(proof: Mapping[str, Any]) -> None:
    """The five figures of the chosen candidate on the training's own run."""
    mlflow.set_tag(NOTE, run_note(proof, proof, proof["baselines"]))


def log_evidence(proof: Mapping[str, Any]) -> None:
    """The evidence as a file, and its slices, months and differences as tables, which the UI shows side by side."""
    mlflow.log_dict(dict(proof), "evidence.json")
    for name in ("slices", "months", "differences"):
        if proof[name]:
            mlflow.log_table(pd.json_normalize(proof[name], sep="_"), f"evidence/{name}.json")


def figures(proof: Mapping[str, Any], judged: str = OUT_OF_TIME) -> dict[str, float]:
    """All figures of a candidate or of the evidence, named by what the rows that judged are called.

    `oot_auc`, `oot_auc_low`, `oot_auc_high`, and so on; `oot_undecided_auc` without whom auto-renew was off for. Held
    out otherwise, no name says `oot`: `held_out_auc`.
    """
    prefix, earned = "oot_" if judged == OUT_OF_TIME else f"{_key(judged)}_", proof.get("profit") or {}
    return {
        **_flat(prefix, proof["metrics"]),
        **_flat(prefix, {name: earned[name] for name in ("best_budget", "best_profit") if name in earned}),
        **_flat(f"{prefix}undecided_", proof.get("metrics_undecided", {})),
    }


def _flat(prefix: str, metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, one in metrics.items():
        flat |= {
            f"{prefix}{name}": one["value"],
            f"{prefix}{name}_low": one["low"],
            f"{prefix}{name}_high": one["high"],
        }
    return flat


def active() -> str:
    """The id of the active run."""
    return str(mlflow.active_run().info.run_id)


def commit() -> str | None:
    """The git commit that MLflow found for the active run; None outside a checkout."""
    found = mlflow.active_run().data.tags.get("mlflow.source.git.commit")
    return str(found) if found else None


def _key(words: str) -> str:
    return words.replace(" ", "_")


def _span(days: tuple[date, ...]) -> str:
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]} ({len(days)})"
