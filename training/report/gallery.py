"""All pictures of a training, by the name of their file."""

from collections.abc import Iterator, Sequence
from typing import Any

from features import Feature
from training.data.frame import Frame
from training.models.churn_model import Attribution
from training.report import curves, driver_pictures
from training.report.driver_tree import tree_picture
from training.search.candidate import Candidate


def gallery(
    chosen: Candidate,
    candidates: Sequence[Candidate],
    judging: Frame,
    sampled: Frame,
    attribution: Attribution,
    features: Sequence[Feature],
    seed: int,
) -> Iterator[tuple[str, Any]]:
    """Names and figures, one after the other.

    Args:
        chosen: the candidate that is registered.
        candidates: all of them.
        judging: out-of-time rows.
        sampled: some of those.
        attribution: what the chosen one's reasons add to the sampled rows.
        features: of the columns.
        seed: of error bars.
    """
    yield "roc", curves.roc_picture(candidates, judging, chosen.name)
    yield "calibration", curves.calibration_picture(chosen, judging, seed)
    yield "found_by_budget", curves.found_picture(chosen, judging)
    yield "scores", curves.scores_picture(chosen, judging)
    yield "reasons", driver_pictures.reasons_picture(attribution, judging.judged)
    yield "features", driver_pictures.features_picture(attribution, features, judging.judged)
    yield "dependence", driver_pictures.dependence_picture(attribution, sampled.rows, features)
    yield (
        "drivers",
        tree_picture(chosen.probability(sampled.rows), sampled.rows, sampled.labels, features, judging.judged),
    )
