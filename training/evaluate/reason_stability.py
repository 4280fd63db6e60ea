"""Weights of a model's reasons, and their stability when the model is fitted again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from features import Feature
from training.data.folds import Split
from training.data.frame import Frame, TooLittleDataError
from training.evaluate.metrics import Floats
from training.models.churn_model import Attribution, attribute
from training.models.families import family
from training.search.candidate import Candidate, fit_candidate

#: maximum number of rows for weights and stability.
SAMPLE = 5_000


def sample(frame: Frame, seed: int) -> Frame:
    """At most `SAMPLE` random rows, in their order."""
    is_sampled = np.zeros(len(frame), dtype=np.bool_)
    is_sampled[np.random.default_rng(seed).permutation(len(frame))[:SAMPLE]] = True
    return frame.only(is_sampled)


def attribution(candidate: Candidate, rows: Floats, features: Sequence[Feature]) -> Attribution:
    """Contributions of each declared reason to the log-odds of each row."""
    return attribute(family(candidate.name), candidate.native, rows, [feature.reason for feature in features])


def weights(attribution_: Attribution) -> list[dict[str, Any]]:
    """Weight of each reason, in descending order.

    `share` is its mean absolute contribution divided by that of all reasons; `first` is the share of rows whose risk it
    raises most.
    """
    size = np.abs(attribution_.sums).mean(axis=0)
    share, top = size / max(float(size.sum()), 1e-12), first_reason(attribution_.sums)
    return [
        {"reason": attribution_.names[i], "share": float(share[i]), "first": float((top == i).mean())}
        for i in np.argsort(-share, kind="stable")
    ]


def first_reason(sums: Floats) -> Floats:
    """Position of the reason that raises each row's risk most, shape (n,); -1 if none raises it."""
    strongest: Floats = np.where(sums.max(axis=1) > 0, sums.argmax(axis=1), -1)
    return strongest


def agreement(first: Floats, second: Floats) -> dict[str, float]:
    """Agreement of the reasons of two models on the same rows.

    Args:
        first: (n, reasons) contributions of one model.
        second: (n, reasons) contributions of the other model.

    Returns:
        `top_same`, the share of rows whose first reason is the same; `rank_correlation`, Spearman's correlation of a
        row's contributions, on average over the rows: 1 where all reasons have the same order.
    """
    return {
        "top_same": float((first_reason(first) == first_reason(second)).mean()),
        "rank_correlation": float(_spearman(first, second).mean()),
    }


def stability(
    chosen: Candidate,
    attribution_: Attribution,
    development: Frame,
    split: Split,
    rows: Floats,
    features: Sequence[Feature],
    seed: int,
) -> dict[str, Any]:
    """Fit the chosen model again without the latest snapshot, and compare the reasons.

    Args:
        chosen: the registered candidate.
        attribution_: contributions of its reasons to `rows`.
        development: rows of the training.
        split: dates of the training.
        rows: (n, columns) rows that both models explain.
        features: features of the columns.
        seed: random seed of the fit.
    """
    before, changed = _earlier(chosen, development, split, seed)
    alike = agreement(attribution_.sums, attribution(before, rows, features).sums)
    return {**alike, "rows": len(rows), "changed": changed}


def _earlier(chosen: Candidate, development: Frame, split: Split, seed: int) -> tuple[Candidate, str]:
    """The same family and parameters without the latest date; with another seed if too few rows remain."""
    shorter = replace(split, development=split.development[:-1], folds=())
    if shorter.fit:
        try:
            fitted = fit_candidate(chosen.name, chosen.params, development, shorter, seed)
        except TooLittleDataError:
            pass
        else:
            return fitted, f"without {'the snapshot of ' if development.dated else ''}{split.development[-1]}"
    same = replace(split, folds=())
    return fit_candidate(chosen.name, chosen.params, development, same, seed + 1), "by another seed"


def _spearman(first: Floats, second: Floats) -> Floats:
    """Spearman's rank correlation of each pair of rows; a constant row correlates with constant rows only."""
    from scipy.stats import rankdata

    ranks = [rankdata(part, axis=1) - (part.shape[1] + 1) / 2 for part in (first, second)]
    size = np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
    alike = (ranks[0] == ranks[1]).all(axis=1).astype(float)
    result: Floats = np.divide((ranks[0] * ranks[1]).sum(axis=1), size, out=alike, where=size > 0)
    return result
