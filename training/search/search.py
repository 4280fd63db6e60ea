"""Search over families and their parameters: tree of Parzen estimators (Bergstra et al., 2011) by hyperopt.

A proposal depends only on the seed, the trial's number and the earlier rounds. So an interrupted search can be resumed:
its finished trials are passed as `done`, and the remaining trials are the same as without the interruption.
"""

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from training.search.cross_validation import CrossValidation
from training.search.proposals import Proposals, Set, declared

#: sets that are proposed together and scored in parallel; a constant, so that results do not depend on the cores.
ROUND = 4
#: trials of a family before one can be pruned.
WARM_UP_TRIALS = 3


@dataclass(frozen=True)
class Trial:
    """One parameter set and its fold AUCs in time order; a pruned trial has the AUCs of its first folds only."""

    number: int
    family: str
    params: Mapping[str, Any]
    fold_aucs: tuple[float, ...]
    pruned: bool = False
    #: seconds since the search began, including the time before an interruption.
    spent: float = field(default=0.0, compare=False)

    @property
    def auc(self) -> float:
        """Mean over its scored folds."""
        return float(np.mean(self.fold_aucs))

    @property
    def variance(self) -> float:
        """Variance of that mean; NaN for one fold."""
        count = len(self.fold_aucs)
        return float(np.var(self.fold_aucs, ddof=1) / count) if count > 1 else math.nan


@dataclass(frozen=True)
class Budget:
    """Limit of the search: a number of proposed sets, and minutes after which no round begins."""

    trials: int
    minutes: float | None = None

    def left(self, proposed: int, spent: float) -> int:
        """Number of sets in the next round, after `proposed` sets and `spent` seconds."""
        over = self.minutes is not None and spent >= 60 * self.minutes
        return 0 if over else min(ROUND, self.trials - proposed)


def search(
    fixed: Mapping[str, Mapping[str, Any]],
    cross_validation: CrossValidation,
    budget: Budget,
    seed: int,
    on_trial: Callable[[Trial], None],
    done: Mapping[int, Trial] | None = None,
) -> list[Trial]:
    """Score the sets that the families declare, then sets proposed over all families.

    Args:
        fixed: family -> parameters that are not searched.
        cross_validation: scores a set on the folds.
        budget: limit of proposed sets; declared sets are always scored.
        seed: random seed of the proposals.
        on_trial: called with each newly scored trial, in the order of numbers.
        done: trials by number, of an interrupted search with the same data, code and seed.

    Raises:
        TooLittleDataError: a fold lacks rows of a class.
    """
    return _Search(fixed, cross_validation, seed, on_trial, done or {}).run(declared(fixed), budget)


def best(trials: Sequence[Trial], name: str, otherwise: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the family's trial with the highest mean AUC over all folds; ties go to the earlier one.

    Args:
        trials: of a search.
        name: the family.
        otherwise: parameters of a family without complete trials.
    """
    complete = [trial for trial in trials if trial.family == name and not trial.pruned]
    return dict(max(complete, key=lambda trial: (trial.auc, -trial.number)).params if complete else otherwise)


class _Search:
    def __init__(
        self, fixed: Mapping[str, Mapping[str, Any]], cross_validation: CrossValidation, seed: int,
        on_trial: Callable[[Trial], None], done: Mapping[int, Trial],
    ) -> None:  # fmt: skip
        self._cross_validation, self._on_trial, self._done = cross_validation, on_trial, done
        self._proposals, self._trials = Proposals(fixed, seed), list[Trial]()
        self._began = time.monotonic() - max((trial.spent for trial in done.values()), default=0.0)

    def run(self, declared: Sequence[Set], budget: Budget) -> list[Trial]:
        sets = declared
        while sets:
            self._run_round(sets)
            count = budget.left(len(self._trials) - len(declared), self._trials[-1].spent)
            sets = self._proposals.propose([len(self._trials) + place + 1 for place in range(count)])
        return self._trials

    def _run_round(self, sets: Sequence[Set]) -> None:
        numbers, before = range(len(self._trials) + 1, len(self._trials) + len(sets) + 1), tuple(self._trials)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for trial in threads.map(lambda number, params: self._trial(number, params, before), numbers, sets):
                if trial.number not in self._done:
                    self._on_trial(trial)
                self._trials.append(trial)
        for trial in self._trials[len(before) :]:
            loss = 1.0 - _expected_auc(trial, self._trials)
            self._proposals.observe(trial.number, trial.family, trial.params, loss, trial.variance)
        families = {trial.family for trial in self._trials}
        self._cross_validation.keep((name, best(self._trials, name, {})) for name in families)

    def _trial(self, number: int, family_and_params: Set, before: Sequence[Trial]) -> Trial:
        if number in self._done:
            return self._done[number]
        name, params = family_and_params
        folds = len(self._cross_validation.folds)
        aucs: tuple[float, ...] = ()
        for place in range(folds):
            if should_prune(aucs, [trial.fold_aucs for trial in before if trial.family == name]):
                break
            aucs += (self._cross_validation.score(name, params, place).auc,)
        return Trial(number, name, params, aucs, len(aucs) < folds, time.monotonic() - self._began)


def should_prune(aucs: tuple[float, ...], earlier: Sequence[tuple[float, ...]]) -> bool:
    """Whether a trial's mean AUC is below the median of its family at the same fold (Golovin et al., 2017).

    Args:
        aucs: AUCs of the trial's folds so far.
        earlier: fold AUCs of earlier trials; with fewer than three at this fold, no trial is pruned.
    """
    if not aucs:
        return False
    means = [np.mean(trial_aucs[: len(aucs)]) for trial_aucs in earlier if len(trial_aucs) >= len(aucs)]
    return len(means) >= WARM_UP_TRIALS and float(np.mean(aucs)) < float(np.median(means))


def _expected_auc(trial: Trial, trials: Sequence[Trial]) -> float:
    """Mean AUC over all folds; for a pruned trial, its mean so far plus the mean later gain of complete trials."""
    fold_count = len(trial.fold_aucs)
    gains = [other.auc - np.mean(other.fold_aucs[:fold_count]) for other in trials if not other.pruned]
    return trial.auc + float(np.mean(gains)) if trial.pruned else trial.auc
