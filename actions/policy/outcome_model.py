"""The outcome model of doubly robust estimates: the probability to stay under each arm, cross-fitted by person."""

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from actions.experiment import Experiment, Floats

#: parts of the people; the model that predicts a part has seen none of its people.
FOLDS = 5
#: fewer cells are predicted by one thread: several of them would wait for each other.
PARALLEL_CELLS = 2_000_000
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
    person = person_numbers(experiment.people)
    fold = np.random.default_rng(seed).permutation(int(person.max()) + 1)[person] % FOLDS
    columns = np.column_stack([experiment.rows, experiment.baseline])
    columns = columns[:, ~np.isnan(columns).all(axis=0)]
    predicted = np.full((len(experiment), len(experiment.arms)), float(experiment.outcome.mean()))
    with threadpool_limits(1 if columns.size < PARALLEL_CELLS else None):
        for part in range(FOLDS):
            others, rows = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
            if len(rows) and len(others) >= 2 * LEAF_ROWS:
                predicted[rows] = _predict_part(experiment, columns, others, rows, seed)
    return predicted


def _predict_part(
    experiment: Experiment, columns: Floats, others: NDArray[np.int_], rows: NDArray[np.int_], seed: int
) -> Floats:
    """Probability to stay (rows, k) by a model of the other rows."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    arms = np.eye(len(experiment.arms))
    model = HistGradientBoostingRegressor(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=LEARNING_RATE, min_samples_leaf=LEAF_ROWS,
        early_stopping=False, random_state=seed,
    )  # fmt: skip
    model.fit(np.column_stack([columns[others], arms[experiment.arm[others]]]), experiment.outcome[others])
    shown = [np.column_stack([columns[rows], np.broadcast_to(arm, (len(rows), len(arms)))]) for arm in arms]
    predicted: Floats = np.clip(np.column_stack([model.predict(part) for part in shown]), 0.0, 1.0)
    return predicted
