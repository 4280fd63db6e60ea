"""What a training writes to its MLflow runs: the same names everywhere, so that compare works."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import mlflow

from training.folds import Split
from training.frame import Frame
from training.search import Trial


def log_inputs(development: Frame, judging: Frame, cut: Split) -> None:
    """The two data sets with their digests, and the dates of the split."""
    named = judging.judged.replace(" ", "_")
    for frame, context in ((development, "development"), (judging, named)):
        data = mlflow.data.from_pandas(
            frame.pandas(), source=f"snapshots {cut.development[0]} to {cut.out_of_time[-1]}", targets="label",
            name=context, digest=frame.digest()[:36],
        )  # fmt: skip
        mlflow.log_input(data, context=context)
        mlflow.log_params({f"{context}_rows": len(frame), f"{context}_digest": frame.digest()[:16]})
    mlflow.log_params(
        {
            "development_dates": _span(cut.development),
            f"{named}_dates": _span(cut.out_of_time),
            "validation": judging.validation,
            "folds": len(cut.folds),
        }
    )


def log_trial(name: str, trial: Trial) -> None:
    """A nested run for one parameter set of family `name`."""
    tags = {"prichal.kind": "trial", "prichal.family": name}
    with mlflow.start_run(run_name=f"{name} trial {trial.number}", nested=True, tags=tags):
        mlflow.log_params({"family": name, **trial.params})
        for place, value in enumerate(trial.fold_aucs):
            mlflow.log_metric("fold_auc", value, step=place)
        mlflow.log_metric("mean_fold_auc", trial.auc)


def log_judged(judged: list[dict[str, Any]], runs: Mapping[str, str], how: str = Frame.judged) -> None:
    """Out-of-time figures on each candidate's own run, under the same names everywhere, so that compare works."""
    client = mlflow.MlflowClient()
    for one in judged:
        for name, value in out_of_time(one, how).items():
            client.log_metric(runs[one["name"]], name, value)


def out_of_time(proof: Mapping[str, Any], how: str = Frame.judged) -> dict[str, float]:
    """All out-of-time figures of a candidate or of the evidence, those without whom auto-renew was off for apart.

    Where the rows that judge are held out otherwise, `how` says so, and no name says `oot`.
    """
    undecided = flat(proof.get("metrics_undecided", {}))
    told = flat(proof["metrics"]) | {name.replace("oot_", "oot_undecided_", 1): undecided[name] for name in undecided}
    prefix = "oot_" if how == Frame.judged else f"{how.replace(' ', '_')}_"
    return {name.replace("oot_", prefix, 1): value for name, value in told.items()}


def flat(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Metric names as MLflow holds them: `oot_auc`, `oot_auc_low`, `oot_auc_high`."""
    flat: dict[str, float] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            flat |= {
                f"oot_{name}": value["value"],
                f"oot_{name}_low": value["low"],
                f"oot_{name}_high": value["high"],
            }
        else:
            flat[f"oot_{name}"] = value
    return flat


def commit() -> str | None:
    """The git commit that MLflow found for the active run; None outside a checkout."""
    run = mlflow.active_run()
    found = run.data.tags.get("mlflow.source.git.commit") if run else None
    return str(found) if found else None


def _span(days: tuple[date, ...]) -> str:
    return f"{days[0]} to {days[-1]} ({len(days)})"
