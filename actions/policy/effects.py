"""Effects of a version on the people of a campaign, from their features of the day."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actions.policy.constraints import Floats

#: rows of the snapshot that are in memory at once.
BATCH_ROWS = 50_000


class PredictEffects(Protocol):
    """Predicts effects of all actions of a plan."""

    def __call__(self, batches: Iterable[pd.DataFrame]) -> Floats:
        """Rise of the probability to stay, (n, k) in the order of the plan's actions; not finite where unknown.

        Args:
            batches: features of n rows in all, in their order; null is NaN.
        """


@dataclass(frozen=True)
class UpliftInProduction:
    """A response model in production.

    Attributes:
        version: its number.
        evidence: that it was promoted with.
        predict_effects: by this version.
    """

    version: str
    evidence: Mapping[str, Any]
    predict_effects: PredictEffects


@dataclass(frozen=True)
class PeopleEffects:
    """Effects and populations of people; n people, k actions.

    Attributes:
        effects: (n, k), NaN where nothing was predicted.
        populations: (n,), None for a person who is not in the snapshot.
    """

    effects: Floats
    populations: NDArray[np.object_]


def predict_people(
    snapshot: Path, entity: str, entities: NDArray[np.object_], actions: int, predict_effects: PredictEffects | None
) -> PeopleEffects:
    """Effects on these people by their rows in a snapshot, batch by batch.

    Args:
        snapshot: folder of the snapshot.
        entity: name of the entity's column.
        entities: (n,), keys as text.
        actions: number of actions.
        predict_effects: None to read the populations only.
    """
    place = {key: row for row, key in enumerate(entities.tolist())}
    effects, populations = np.full((len(entities), actions), np.nan), np.full(len(entities), None, dtype=object)
    positions: list[NDArray[np.int_]] = []

    def members() -> Iterator[pd.DataFrame]:
        columns = None if predict_effects is not None else [entity, "population"]
        for batch in _batches(snapshot, columns):
            rows = batch[entity].astype(str).map(place)
            selected = batch[rows.notna()]
            if not selected.empty:
                positions.append(rows.dropna().to_numpy(dtype=np.int_))
                populations[positions[-1]] = selected["population"].to_numpy(dtype=object)
                yield selected

    if predict_effects is None:
        for _ in members():
            pass
    else:
        predicted = predict_effects(members())
        if positions:
            effects[np.concatenate(positions)] = predicted
    return PeopleEffects(np.where(np.isfinite(effects), effects, np.nan), populations)


def _batches(snapshot: Path, columns: list[str] | None) -> Iterator[pd.DataFrame]:
    from pyarrow import dataset

    rows = dataset.dataset([str(path) for path in sorted(snapshot.glob("*.parquet"))])
    for batch in rows.to_batches(columns=columns, batch_size=BATCH_ROWS):
        yield batch.to_pandas()
