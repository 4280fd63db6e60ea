"""Cross validation of parameter sets; folds and matrices are built once and shared by all sets."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.data.folds import Fold
from training.data.frame import Frame, TooLittleDataError
from training.data.weights import HALF_LIFE, family_params, recency_weights
from training.evaluate.auc import auc
from training.evaluate.metrics import Floats
from training.models.families import family

#: fewest rows of each class in a fold.
FEWEST = 10

Cached = TypeVar("Cached")


@dataclass(frozen=True)
class FoldScore:
    """AUC, labels (n,) and margins (n,) of a fold's later date, scored by a fit on its earlier dates."""

    fold: Fold
    auc: float
    labels: NDArray[np.int_]
    margin: Floats


class CrossValidation:
    """Fits parameter sets on each fold's earlier dates and scores its later date; safe to call from several threads."""

    def __init__(self, frame: Frame, folds: tuple[Fold, ...], seed: int) -> None:
        """Folds are split and models fitted at the first use.

        Args:
            frame: development rows.
            folds: in time order.
            seed: random seed of every fit.
        """
        self.folds, self._frame, self._seed = folds, frame, seed
        self._cache: dict[tuple[Any, ...], Any] = {}
        self._lock = threading.RLock()

    def scores(self, name: str, params: Mapping[str, Any]) -> tuple[FoldScore, ...]:
        """Score one family and parameter set on every fold; cached scores are not computed again.

        Raises:
            TooLittleDataError: a fold lacks rows of a class.
        """
        return tuple(self.score(name, params, place) for place in range(len(self.folds)))

    def score(self, name: str, params: Mapping[str, Any], place: int) -> FoldScore:
        """Score on one fold, by its position."""
        key = ("score", name, _text(params), place)
        if key not in self._cache:
            self._cache[key] = self._fit_and_score(name, dict(params), place)
        return self._cache[key]  # type: ignore[no-any-return]

    def keep(self, sets: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Drop the cached scores of all other sets: a long search would hold one margin per row and trial."""
        wanted = {(name, _text(params)) for name, params in sets}
        self._cache = {key: value for key, value in self._cache.items() if key[0] != "score" or key[1:3] in wanted}

    def _fit_and_score(self, name: str, params: dict[str, Any], place: int) -> FoldScore:
        _, late = self._parts(place)
        matrix = self._matrix(name, params.get(HALF_LIFE), place)
        native = family(name).fit_matrix(matrix, family_params(params), self._seed)
        margin = family(name).margin(native, late.rows)
        return FoldScore(self.folds[place], auc(late.labels, margin), late.labels, margin)

    def _matrix(self, name: str, half_life: float | None, place: int) -> Any:
        early, _ = self._parts(place)
        return self._once(
            ("matrix", name, half_life, place),
            lambda: family(name).matrix(early.rows, early.labels, recency_weights(early, half_life)),
        )

    def _parts(self, place: int) -> tuple[Frame, Frame]:
        return self._once(("parts", place), lambda: _checked(self.folds[place], self._frame))

    def _once(self, key: tuple[Any, ...], make: Callable[[], Cached]) -> Cached:
        with self._lock:
            if key not in self._cache:
                self._cache[key] = make()
        return self._cache[key]  # type: ignore[no-any-return]


def cross_validate(
    name: str, params: Mapping[str, Any], frame: Frame, folds: tuple[Fold, ...], seed: int
) -> tuple[FoldScore, ...]:
    """Fit on each fold's earlier dates and score its later date.

    Raises:
        TooLittleDataError: a fold lacks rows of a class.
    """
    return CrossValidation(frame, folds, seed).scores(name, params)


def check_classes(frame: Frame, where: str) -> None:
    """Check that both classes have at least ten rows.

    Raises:
        TooLittleDataError: fewer than ten churners, or fewer than ten others.
    """
    left, stayed = int(frame.labels.sum()), int(len(frame) - frame.labels.sum())
    if min(left, stayed) < FEWEST:
        raise TooLittleDataError(
            f"In {where}, {left} of {len(frame)} rows left and {stayed} stayed: at least {FEWEST} of each are needed; "
            "bring more data, or change the label's horizon or the population."
        )


def _text(params: Mapping[str, Any]) -> str:
    return json.dumps(dict(params), sort_keys=True)


def _checked(fold: Fold, frame: Frame) -> tuple[Frame, Frame]:
    parts = fold.split(frame)
    for part, dates in zip(parts, (fold.fit, fold.test), strict=True):
        check_classes(part, f"snapshots {dates[0]} to {dates[-1]}")
    return parts
