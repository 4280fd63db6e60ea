"""Search over families and their parameters: tree of Parzen estimators (Bergstra et al., 2011) by hyperopt.

What a trial proposes depends on the seed, its number and the rounds before it, and on nothing else. So a search that
was killed can be run again: what was judged is given back as `done`, and the rest follows as if nothing had happened.
"""

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from training.search.cross_validation import Judge
from training.search.proposals import Proposals, Set, declared

#: sets that are proposed together and judged side by side; a constant, so that cores do not decide what is found.
ROUND = 4
#: trials of a family before one can be hopeless.
WARM = 3


@dataclass(frozen=True)
class Trial:
    """One parameter set and the AUC of its folds in time order; of one stopped early, those it got to."""

    number: int
    family: str
    params: Mapping[str, Any]
    fold_aucs: tuple[float, ...]
    pruned: bool = False
    #: seconds that the search had taken when it was done, those before a kill included.
    spent: float = field(default=0.0, compare=False)

    @property
    def auc(self) -> float:
        """Mean over the folds it got to."""
        return float(np.mean(self.fold_aucs))

    @property
    def variance(self) -> float:
        """Variance of that mean over the folds; NaN for one fold."""
        count = len(self.fold_aucs)
        return float(np.var(self.fold_aucs, ddof=1) / count) if count > 1 else math.nan


@dataclass(frozen=True)
class Budget:
    """Proposals end after `trials` sets or when `minutes` are over; a round that has begun is finished."""

    trials: int
    minutes: float | None = None

    def left(self, proposed: int, spent: float) -> int:
        """How many sets the next round may have after so many sets and seconds."""
        over = self.minutes is not None and spent >= 60 * self.minutes
        return 0 if over else min(ROUND, self.trials - proposed)


def search(
    fixed: Mapping[str, Mapping[str, Any]],
    judge: Judge,
    budget: Budget,
    seed: int,
    told: Callable[[Trial], None],
    done: Mapping[int, Trial] | None = None,
) -> list[Trial]:
    """Judge the sets that the families declare, then sets proposed over all families.

    Args:
        fixed: family -> parameters that are not searched.
        judge: of the folds.
        budget: of proposed sets; the declared ones are always judged.
        seed: of the proposals.
        told: called with each trial that was judged, by number.
        done: trials by number, of an earlier search of the same data, code and seed that was killed.

    Raises:
        TooLittleDataError: a fold lacks rows of a class.
    """
    return _Search(fixed, judge, seed, told, done or {}).run(declared(fixed), budget)


def best(trials: Sequence[Trial], name: str, otherwise: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the family's trial with the highest mean AUC over all folds; ties go to the earlier one.

    Args:
        trials: of a search.
        name: the family.
        otherwise: the parameters of a family that the search had nothing to try of.
    """
    complete = [trial for trial in trials if trial.family == name and not trial.pruned]
    return dict(max(complete, key=lambda trial: (trial.auc, -trial.number)).params if complete else otherwise)


class _Search:
    def __init__(
        self, fixed: Mapping[str, Mapping[str, Any]], judge: Judge, seed: int, told: Callable[[Trial], None],
        done: Mapping[int, Trial],
    ) -> None:  # fmt: skip
        self._judge, self._told, self._done = judge, told, done
        self._proposals, self._trials = Proposals(fixed, seed), list[Trial]()
        self._began = time.monotonic() - max((trial.spent for trial in done.values()), default=0.0)

    def run(self, first: Sequence[Set], budget: Budget) -> list[Trial]:
        sets = first
        while sets:
            self._round(sets)
            count = budget.left(len(self._trials) - len(first), self._trials[-1].spent)
            sets = self._proposals.propose([len(self._trials) + place + 1 for place in range(count)])
        return self._trials

    def _round(self, sets: Sequence[Set]) -> None:
        numbers, before = range(len(self._trials) + 1, len(self._trials) + len(sets) + 1), tuple(self._trials)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for trial in threads.map(lambda number, one: self._trial(number, one, before), numbers, sets):
                if trial.number not in self._done:
                    self._told(trial)
                self._trials.append(trial)
        for trial in self._trials[len(before) :]:
            loss = 1.0 - _expected(trial, self._trials)
            self._proposals.observe(trial.number, trial.family, trial.params, loss, trial.variance)
        self._judge.keep((name, best(self._trials, name, {})) for name in {one.family for one in self._trials})

    def _trial(self, number: int, one: Set, before: Sequence[Trial]) -> Trial:
        if number in self._done:
            return self._done[number]
        name, params = one
        aucs: tuple[float, ...] = ()
        for place in range(len(self._judge.folds)):
            if hopeless(aucs, [trial.fold_aucs for trial in before if trial.family == name]):
                break
            aucs += (self._judge.score(name, params, place).auc,)
        return Trial(number, name, params, aucs, len(aucs) < len(self._judge.folds), time.monotonic() - self._began)


def hopeless(aucs: tuple[float, ...], earlier: Sequence[tuple[float, ...]]) -> bool:
    """Whether a trial's mean so far is below the median of its family's at the same fold (Golovin et al., 2017).

    Args:
        aucs: of its folds so far.
        earlier: the same of trials of earlier rounds; with fewer than three that came as far, nothing is hopeless.
    """
    if not aucs:
        return False
    reached = [np.mean(one[: len(aucs)]) for one in earlier if len(one) >= len(aucs)]
    return len(reached) >= WARM and float(np.mean(aucs)) < float(np.median(reached))


def _expected(trial: Trial, trials: Sequence[Trial]) -> float:
    """Mean AUC over all folds; of a pruned trial, the mean so far plus what the complete ones gained from there."""
    so_far = len(trial.fold_aucs)
    gains = [one.auc - np.mean(one.fold_aucs[:so_far]) for one in trials if not one.pruned]
    return trial.auc + float(np.mean(gains)) if trial.pruned else trial.auc
