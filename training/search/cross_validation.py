"""The judge of parameter sets: folds are cut once and matrices made once, and every set is judged on the same."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.data.folds import Fold
from training.data.frame import Frame, TooLittleDataError
from training.data.weights import HALF_LIFE, of_family, recency_weights
from training.evaluate.auc import auc
from training.evaluate.metrics import Floats
from training.models.families import family

#: below this many rows of either class a fold says nothing.
FEWEST = 10

Made = TypeVar("Made")


@dataclass(frozen=True)
class FoldScore:
    """How a fit on earlier dates ranked a later date."""

    fold: Fold
    auc: float
    labels: NDArray[np.int_]
    margin: Floats


class Judge:
    """Fits parameter sets on each fold's earlier dates and ranks its later one; several threads may ask at a time."""

    def __init__(self, frame: Frame, folds: tuple[Fold, ...], seed: int) -> None:
        """Nothing is cut or fitted before it is asked for.

        Args:
            frame: development rows.
            folds: the judges, in time order.
            seed: of every fit.
        """
        self.folds, self._frame, self._seed = folds, frame, seed
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._lock = threading.RLock()

    def scores(self, name: str, params: Mapping[str, Any]) -> tuple[FoldScore, ...]:
        """The family called `name` with these parameters on every fold; what was judged before is not fitted again.

        Raises:
            TooLittleDataError: a fold lacks rows of a class.
        """
        return tuple(self.score(name, params, place) for place in range(len(self.folds)))

    def score(self, name: str, params: Mapping[str, Any], place: int) -> FoldScore:
        """The same on one fold, by its place."""
        key = ("score", name, _text(params), place)
        if key not in self._kept:
            self._kept[key] = self._judge(name, dict(params), place)
        return self._kept[key]  # type: ignore[no-any-return]

    def keep(self, sets: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Forget what was judged, but for these sets: a long search would hold a margin per row and trial."""
        wanted = {(name, _text(params)) for name, params in sets}
        self._kept = {key: made for key, made in self._kept.items() if key[0] != "score" or key[1:3] in wanted}

    def _judge(self, name: str, params: dict[str, Any], place: int) -> FoldScore:
        _, late = self._parts(place)
        matrix = self._matrix(name, params.get(HALF_LIFE), place)
        native = family(name).fit_matrix(matrix, of_family(params), self._seed)
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

    def _once(self, key: tuple[Any, ...], make: Callable[[], Made]) -> Made:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
        return self._kept[key]  # type: ignore[no-any-return]


def judge_folds(
    name: str, params: Mapping[str, Any], frame: Frame, folds: tuple[Fold, ...], seed: int
) -> tuple[FoldScore, ...]:
    """Fit on each fold's earlier dates and rank its later one.

    Raises:
        TooLittleDataError: a fold lacks rows of a class.
    """
    return Judge(frame, folds, seed).scores(name, params)


def check_classes(frame: Frame, where: str) -> None:
    """See that both classes are there.

    Raises:
        TooLittleDataError: fewer than ten rows left, or fewer than ten stayed.
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
    parts = fold.cut(frame)
    for part, dates in zip(parts, (fold.fit, fold.judge), strict=True):
        check_classes(part, f"snapshots {dates[0]} to {dates[-1]}")
    return parts
