"""Reproduce a fitted model from the parameters that its run logged."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stack.errors import PrichalError
from training.data.folds import Split
from training.data.frame import Frame
from training.data.immature_seasonal_features import mask_features
from training.search.candidate import Candidate, fit_candidate

#: parameters that a run must have logged.
NEEDED = ("family", "model_params", "seed", "calibration_snapshots", "development_digest", "left_out")
#: logged value if no feature was left out.
NOTHING = "nothing"


class ReproductionError(PrichalError):
    """The run lacks a parameter, or the rows differ from those of the original fit."""


def reproduction_parameters(
    candidate: Candidate, digest: str, split: Split, seed: int, left_out: Sequence[str]
) -> dict[str, Any]:
    """Parameters that determine the candidate's fit; MLflow stores them as text.

    Args:
        candidate: a fitted model.
        digest: digest of its development rows.
        split: their dates.
        seed: random seed of the fit.
        left_out: features that are null in every row.
    """
    return {
        "family": candidate.name,
        "model_params": json.dumps(dict(candidate.params), sort_keys=True),
        "seed": seed,
        "calibration_snapshots": split.calibration,
        "development_digest": digest[:16],
        "left_out": ", ".join(left_out) or NOTHING,
    }


def matured_parameters(digest: str, left_out: Sequence[str]) -> dict[str, Any]:
    """Parameters of a training's run that are different for the registered model, which all matured rows are fitted to.

    Args:
        digest: digest of all matured rows.
        left_out: features that are null in every one of them.
    """
    return {"matured_digest": digest[:16], "matured_left_out": ", ".join(left_out) or NOTHING}


def reproduce(logged: Mapping[str, str], development: Frame) -> Candidate:
    """Fit the same model again: equal data and packages give equal bytes.

    Args:
        logged: parameters of a candidate's or a training's run, as text.
        development: the rows of the run's development dates; of a training's run also all matured rows, which give the
            registered model.

    Raises:
        ReproductionError: a parameter is missing, or the rows differ.
    """
    missing = [name for name in NEEDED if name not in logged]
    if missing:
        raise ReproductionError(
            f"The run has no parameter {', '.join(missing)}: name the run of a candidate or a training."
        )
    for rows, wanted in (("left_out", "development_digest"), ("matured_left_out", "matured_digest")):
        left_out = logged.get(rows, NOTHING)
        frame = development if left_out == NOTHING else mask_features(development, left_out.split(", "))
        if frame.digest()[:16] == logged.get(wanted):
            development = frame
            break
    else:
        raise ReproductionError(
            f"The {len(development)} rows have the digest {development.digest()[:16]} and the run was fitted on "
            f"{logged['development_digest']}: read the snapshots of its development dates, made from the same data."
        )
    split = Split(development.dates, (), (), int(logged["calibration_snapshots"]))
    return fit_candidate(logged["family"], json.loads(logged["model_params"]), development, split, int(logged["seed"]))
