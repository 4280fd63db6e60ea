"""Search for a family's parameters: tree of Parzen estimators (Bergstra et al., 2011) by hyperopt."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.candidate import judge_folds
from training.families import family
from training.folds import Split
from training.frame import Frame


@dataclass(frozen=True)
class Trial:
    """One parameter set and the AUC of its folds."""

    number: int
    params: dict[str, Any]
    fold_aucs: tuple[float, ...]

    @property
    def auc(self) -> float:
        """Mean over the folds."""
        return float(np.mean(self.fold_aucs))


def search(
    name: str,
    frame: Frame,
    split: Split,
    fixed: dict[str, Any],
    trials: int,
    seed: int,
    told: Callable[[Trial], None],
) -> dict[str, Any]:
    """Parameters with the highest mean AUC over the folds; ties go to the earlier trial.

    Args:
        name: the family.
        frame: development rows.
        split: its folds are the judges.
        fixed: parameters that are not searched.
        trials: how many sets are tried.
        seed: of the search and of every fit.
        told: called after each trial.
    """
    from hyperopt import STATUS_OK, Trials, fmin, tpe

    space = {key: choice for key, choice in family(name).space().items() if key not in fixed}
    if not space or trials < 1:
        return fixed
    done: list[Trial] = []

    def loss(sampled: dict[str, Any]) -> dict[str, Any]:
        params = {**{key: _plain(value) for key, value in sampled.items()}, **fixed}
        scores = judge_folds(name, params, frame, split.folds, seed)
        trial = Trial(len(done) + 1, params, tuple(score.auc for score in scores))
        done.append(trial)
        told(trial)
        return {"loss": 1.0 - trial.auc, "status": STATUS_OK}

    fmin(
        loss, space, algo=tpe.suggest, max_evals=trials, trials=Trials(), rstate=np.random.default_rng(seed),
        show_progressbar=False, verbose=False,
    )  # fmt: skip
    return max(done, key=lambda trial: (trial.auc, -trial.number)).params


def _plain(value: Any) -> Any:
    """A Python number with a short text: what is logged is exactly what is fitted."""
    number = float(value)
    return int(number) if number.is_integer() else float(f"{number:.{4 - math.ceil(math.log10(abs(number)))}f}")
