"""Model families: one self-contained file each, stored with every version that it fits.

A family file imports no other file of this project, because a registered model carries its own copy. It defines:

    BASELINE                                    whether the gate compares other families with it
    SETS                                        hyperparameter sets that are always tried, the defaults first
    space()                                     hyperopt search space; every label starts with the family's name;
                                                an empty space means that only SETS are tried
    matrix(rows, labels, weights)               the library's data set, built once for many fits
    fit_matrix(matrix, params, seed)            a fitted native model
    save(native, folder), load(folder)          native files, no pickles
    margin(native, rows)                        log-odds of churn, shape (n,)
    contributions(native, rows)                 contribution of each column to the margin, shape (n, columns)

`rows` is a float array of shape (n, columns) in the order of the declared features, NaN where null. `weights` is (n,)
with mean 1, or None. Both classes occur: cross validation checks them first. Several threads may fit on one matrix at
a time. Each fit uses one thread, so that its bytes are the same on any number of cores.
"""

import importlib
from types import ModuleType

from stack.errors import PrichalError

NAMES = ("recency", "logistic", "catboost", "xgboost")


class UnknownFamilyError(PrichalError):
    """A project names a model family that does not exist."""


def family(name: str) -> ModuleType:
    """Import the module of one family.

    Args:
        name: one of `NAMES`.

    Raises:
        UnknownFamilyError: no family has this name.
    """
    if name not in NAMES:
        raise UnknownFamilyError(f"Model family {name!r} does not exist; name one of {', '.join(NAMES)}.")
    return importlib.import_module(f"training.models.families.{name}")
