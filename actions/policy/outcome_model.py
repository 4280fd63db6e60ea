"""The outcome model of doubly robust estimates: the probability to stay under each arm, cross-fitted by person."""

import numpy as np
from numpy.typing import NDArray

from actions.experiment import Experiment, Floats

#: parts of the people; the model that predicts a part has seen none of its people.
FOLDS = 5
#: shallow trees: the outcome is noisy, and an arm may have few rows.
TREES, LEAVES, LEARNING_RATE, LEAF_ROWS = 60, 8, 0.08, 40


def person_numbers(people: NDArray[np.object_]) -> NDArray[np.int_]:
    """A number (n,) from 0 for each person."""
    _, numbers = np.unique(people.astype(str), return_inverse=True)
    return np.asarray(numbers, dtype=np.int_)


def predict_outcomes(experiment: Experiment, seed: int = 1) -> Floats:
    """Probability to stay (n, k) under each arm, by a model that was not fitted on the row's person.

    The estimate of a policy's value stays unbiased if the model is wrong, because the design's probabilities are exact;
    a good model only makes its interval shorter.

    Args:
        experiment: the rows.
        seed: random seed of the parts.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    person = person_numbers(experiment.people)
    fold = np.random.default_rng(seed).permutation(int(person.max()) + 1)[person] % FOLDS
    columns = np.column_stack([experiment.rows, experiment.baseline])
    columns = columns[:, ~np.isnan(columns).all(axis=0)]
    arms = np.eye(len(experiment.arms))
    predicted = np.full((len(experiment), len(arms)), float(experiment.outcome.mean()))
    for part in range(FOLDS):
        others, rows = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        if not len(rows) or len(others) < 2 * LEAF_ROWS:
            continue
        model = HistGradientBoostingRegressor(
            max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=LEARNING_RATE, min_samples_leaf=LEAF_ROWS,
            early_stopping=False, random_state=seed,
        )  # fmt: skip
        model.fit(np.column_stack([columns[others], arms[experiment.arm[others]]]), experiment.outcome[others])
        for arm in range(len(arms)):
            shown = np.broadcast_to(arms[arm], (len(rows), len(arms)))
            predicted[rows, arm] = np.clip(model.predict(np.column_stack([columns[rows], shown])), 0.0, 1.0)
    return predicted
