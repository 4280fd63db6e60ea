"""Proposals of parameter sets from one hyperopt space over all families."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.data.weights import CHOICES, HALF_LIFE
from training.models.families import family

Set = tuple[str, dict[str, Any]]


def declared(fixed: Mapping[str, Mapping[str, Any]]) -> list[Set]:
    """The sets that the families declare, with the project's fixed parameters.

    A family with one set and no space has nothing to compare and is left out.
    """
    sets = []
    for name, fixed_params in fixed.items():
        merged = [{**declared_params, **fixed_params} for declared_params in family(name).SETS]
        different = {repr(sorted(params.items())): params for params in merged}
        if len(different) > 1 or _space(name, fixed_params):
            sets += [(name, params) for params in different.values()]
    return sets


class Proposals:
    """Tree of Parzen estimators; a proposal depends only on the seed, its number and the observed losses."""

    def __init__(self, fixed: Mapping[str, Mapping[str, Any]], seed: int) -> None:
        """A space of the families that have something to search.

        Args:
            fixed: family -> parameters that are not searched.
            seed: random seed of all proposals.
        """
        from hyperopt import Trials, hp
        from hyperopt.base import Domain

        self._fixed, self._seed = fixed, seed
        spaces = {name: space for name, params in fixed.items() if (space := _space(name, params))}
        self._names, self._spaces = list(spaces), spaces
        self._space = hp.choice("family", [{"family": name, **space} for name, space in spaces.items()])
        self._domain, self._observed = Domain(lambda params: 0.0, self._space), Trials()
        self._drawn: dict[int, dict[str, list[Any]]] = {}

    def propose(self, numbers: Sequence[int]) -> list[Set]:
        """One set for each number; none if no family has anything to search."""
        return [self._propose_set(number) for number in numbers] if self._names else []

    def observe(self, number: int, name: str, params: Mapping[str, Any], loss: float, variance: float) -> None:
        """Record the loss of a set.

        Args:
            number: number of the proposal; a new number for a declared set.
            name: the family.
            params: the set.
            loss: 1 - AUC.
            variance: variance of the loss.
        """
        from hyperopt import JOB_STATE_DONE, STATUS_OK

        if name not in self._names:
            return
        drawn = self._drawn.get(number) or self._as_drawn(name, params)
        misc = {"tid": number, "cmd": self._domain.cmd, "workdir": None, "vals": drawn,
                "idxs": {label: [number] * len(values) for label, values in drawn.items()}}  # fmt: skip
        result = {"loss": loss, "loss_variance": variance, "status": STATUS_OK}
        (document,) = self._observed.new_trial_docs([number], [None], [result], [misc])
        document["state"] = JOB_STATE_DONE
        self._observed.insert_trial_docs([document])
        self._observed.refresh()

    def _propose_set(self, number: int) -> Set:
        from hyperopt import space_eval, tpe

        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0]) >> 1
        (document,) = tpe.suggest([number], self._domain, self._observed, seed)
        self._drawn[number] = document["misc"]["vals"]
        chosen = space_eval(self._space, {label: values[0] for label, values in self._drawn[number].items() if values})
        name = chosen.pop("family")
        params = {key: _plain(value) for key, value in chosen.items() if value is not None}
        return name, {**params, **self._fixed[name]}

    def _as_drawn(self, name: str, params: Mapping[str, Any]) -> dict[str, list[Any]]:
        """A declared set in the form of a drawn one: every label of the space, empty if it is not used."""
        drawn: dict[str, list[Any]] = {label: [] for label in self._domain.params}
        drawn["family"] = [self._names.index(name)]
        for key in self._spaces[name]:
            value = CHOICES.index(params.get(key)) if key == HALF_LIFE else params[key]
            drawn[f"{name}_{key}"] = [value]
        return drawn


def _space(name: str, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The family's space and the half-life, without fixed parameters; empty if the family has nothing to search."""
    from hyperopt import hp

    searched = {key: choice for key, choice in family(name).space().items() if key not in fixed}
    if searched and HALF_LIFE not in fixed:
        searched[HALF_LIFE] = hp.choice(f"{name}_{HALF_LIFE}", CHOICES)
    return searched


def _plain(value: Any) -> Any:
    """A Python number with a short text, so that the logged value is exactly the fitted one."""
    number = float(value)
    return int(number) if number.is_integer() else float(f"{number:.{4 - math.ceil(math.log10(abs(number)))}f}")
