"""Predicted effects by a registered version, in a separate process, batch by batch."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from actions.experiment import Floats
from registry import VersionFiles
from serving.local_scoring import MissingFeatureError, predict_batches
from serving.udf import feature_names

#: column of an action's effect: `effect_<action>`.
PREFIX = "effect_"
#: rows of a batch: 230 features take 184 MB.
BATCH_ROWS = 100_000


def effects(files: VersionFiles, frame: pd.DataFrame) -> pd.DataFrame:
    """Effects of all actions for each row of a frame.

    Args:
        files: of the version, verified.
        frame: (n, ...) with the features that the version needs; others are ignored, null is NaN.

    Returns:
        (n, actions), one column for each action, in the version's order, with the index of `frame`.

    Raises:
        MissingFeatureError: the frame does not have a feature that the version needs.
        ModelProcessError: the version failed.
    """
    batches = (frame.iloc[start : start + BATCH_ROWS] for start in range(0, max(1, len(frame)), BATCH_ROWS))
    return effects_of_batches(files, batches).set_index(frame.index)


def effects_of_batches(files: VersionFiles, batches: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The same for rows that come in batches, such as those of a file: only one batch is in memory.

    Raises:
        MissingFeatureError: a batch does not have a feature that the version needs.
        ModelProcessError: the version failed.
    """
    predicted = predict_batches(files, _features(files, batches))
    return predicted.rename(columns=lambda name: name.removeprefix(PREFIX))


def actions_of(files: VersionFiles) -> tuple[str, ...]:
    """The actions whose effects a version predicts, in its order."""
    return tuple(column.name.removeprefix(PREFIX) for column in files.signature.outputs.inputs)


def align(predicted: pd.DataFrame, actions: Iterable[str]) -> Floats:
    """Effects (n, actions) in the order of `actions`; an action that a version does not know is never the best."""
    unknown = np.full(len(predicted), -np.inf)
    return np.column_stack([predicted.get(name, unknown) for name in actions])


def _features(files: VersionFiles, batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    names = feature_names(files.signature)
    for batch in batches:
        missing = [name for name in names if name not in batch]
        if missing:
            raise MissingFeatureError(
                f"{files.name} needs {len(missing)} features that the rows do not have, such as {missing[0]}: declare "
                "them again, or roll back to a version without them."
            )
        yield batch[names].astype("float64")
