"""All pictures of a training, by file name."""

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
    test: Frame,
    sampled: Frame,
    attribution: Attribution,
    features: Sequence[Feature],
    seed: int,
) -> Iterator[tuple[str, Any]]:
    """Yield names and figures.

    Args:
        chosen: the candidate that is registered.
        candidates: all candidates.
        test: out-of-time rows.
        sampled: a sample of the test rows.
        attribution: contributions of the chosen candidate's reasons to the sampled rows.
        features: features of the columns.
        seed: random seed of the error bars.
    """
    yield "roc", curves.roc_picture(candidates, test, chosen.name)
    yield "calibration", curves.calibration_picture(chosen, test, seed)
    yield "found_by_budget", curves.recall_picture(chosen, test)
    yield "scores", curves.scores_picture(chosen, test)
    yield "reasons", driver_pictures.reasons_picture(attribution, test.validation_name)
    yield "features", driver_pictures.features_picture(attribution, features, test.validation_name)
    yield "dependence", driver_pictures.dependence_picture(attribution, sampled.rows, features)
    yield (
        "drivers",
        tree_picture(chosen.probability(sampled.rows), sampled.rows, sampled.labels, features, test.validation_name),
    )
