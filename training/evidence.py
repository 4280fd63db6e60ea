"""Evidence: the numbers a training run leaves for the gate, all of them out of time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.candidate import FEWEST, Candidate, platt
from training.families import family
from training.frame import Frame
from training.metrics import Floats, auc, auc_draws, calibration_error, interval, recall_at

BUDGETS = (0.01, 0.05, 0.10, 0.20)


def judge_out_of_time(candidates: Sequence[Candidate], frame: Frame, seed: int) -> list[dict[str, Any]]:
    """Each candidate's figures on rows that nothing was fitted, tuned or calibrated on.

    Args:
        candidates: fitted models.
        frame: out-of-time rows.
        seed: of the bootstrap; all candidates see the same draws.
    """
    return [_judge(candidate, frame, seed) for candidate in candidates]


def versus_baselines(
    chosen: Candidate, candidates: Sequence[Candidate], frame: Frame, seed: int
) -> dict[str, dict[str, float]]:
    """AUC of the chosen model minus that of every baseline but itself, paired by bootstrap draw."""
    own, own_draws = _auc(chosen, frame, seed)
    found = {}
    for other in candidates:
        if family(other.name).BASELINE and other.name != chosen.name:
            value, draws = _auc(other, frame, seed)
            found[other.name] = interval(own - value, own_draws - draws).json()
    return found


def evidence(
    chosen: Candidate,
    judged: Sequence[Mapping[str, Any]],
    baselines: Mapping[str, Any],
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """The evidence file's content.

    Args:
        chosen: the candidate that is registered.
        judged: every candidate's out-of-time figures.
        baselines: differences to the baselines.
        about: what was trained on what: project, population, model, data, label, provenance.
    """
    own = next(one for one in judged if one["name"] == chosen.name)
    return {
        "schema": 1,
        **about,
        "family": chosen.name,
        **{name: own[name] for name in ("metrics", "metrics_undecided") if name in own},
        "baselines": baselines,
        "candidates": list(judged),
    }


def how_they_left(frame: Frame) -> dict[str, Any]:
    """How many left by choice and how many not, and the share of rows whose auto-renew was off at the date."""
    told: dict[str, Any] = {}
    if frame.how is not None:
        told |= {f"left_{how}": int((frame.how == how).sum()) for how in ("voluntary", "involuntary")}
    if frame.already_left is not None:
        told["already_left_share"] = float(frame.already_left.mean())
    return told


def _judge(candidate: Candidate, frame: Frame, seed: int) -> dict[str, Any]:
    judged = {
        "name": candidate.name,
        "baseline": bool(family(candidate.name).BASELINE),
        "fold_auc": {"value": candidate.fold_auc, "spread": candidate.fold_spread},
        "metrics": _metrics(candidate, frame, seed),
    }
    undecided = frame.undecided
    if undecided is not None and min(undecided.labels.sum(), (1 - undecided.labels).sum()) >= FEWEST:
        judged["metrics_undecided"] = _metrics(candidate, undecided, seed)
    return judged


def _metrics(candidate: Candidate, frame: Frame, seed: int) -> dict[str, Any]:
    from sklearn.metrics import brier_score_loss, log_loss

    probability = candidate.probability(frame.rows)
    value, draws = _auc(candidate, frame, seed)
    return {
        "auc": interval(value, draws).json(),
        "log_loss": float(log_loss(frame.labels, probability)),
        "brier": float(brier_score_loss(frame.labels, probability)),
        "calibration_error": calibration_error(frame.labels, probability),
        "calibration_slope": _slope(probability, frame),
        **{f"recall_at_{budget * 100:.0f}pct": recall_at(frame.labels, probability, budget) for budget in BUDGETS},
    }


def _auc(candidate: Candidate, frame: Frame, seed: int) -> tuple[float, Floats]:
    probability = candidate.probability(frame.rows)
    return auc(frame.labels, probability), auc_draws(frame.labels, probability, frame.entity, seed)


def _slope(probability: Floats, frame: Frame) -> float:
    """Slope of the outcome on the predicted log-odds: 1 where the probabilities are neither too bold nor too timid."""
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return platt(np.log(p / (1 - p)), frame.labels)["slope"]
