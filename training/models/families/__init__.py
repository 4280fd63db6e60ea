"""Model families: one self-contained file each, stored with every version that it fits.

A family file imports no other file of this project, for a registered model carries its own copy. It has:

    BASELINE                                    whether the gate compares others against it
    SETS                                        parameter sets that are always tried, the defaults first
    space()                                     hyperopt space of its parameters, labels beginning with the family's
                                                name; empty: no more than SETS is tried
    matrix(rows, labels, weights)               what the library fits on, made once for many fits
    fit_matrix(matrix, params, seed)            a fitted native model
    fit(rows, labels, params, seed, weights)    both in one
    save(native, folder), load(folder)          native files, no pickles
    margin(native, rows)                        log-odds of leaving, shape (n,)
    contributions(native, rows)                 what each column adds to the margin, shape (n, columns)

`rows` is a float array of shape (n, columns) in the order of the declared features, NaN where null; `weights` (n,) with
mean 1, or None. Both classes are there: the judge sees to it. Several threads may fit on one matrix at a time; each
fit takes one thread, so that its bytes are the same on any number of cores.
"""

import importlib
from types import ModuleType

from stack.errors import PrichalError

NAMES = ("recency", "logistic", "catboost", "xgboost")


class UnknownFamilyError(PrichalError):
    """A project asks for a family that does not exist."""


def family(name: str) -> ModuleType:
    """The family called `name`.

    Raises:
        UnknownFamilyError: there is none.
    """
    if name not in NAMES:
        raise UnknownFamilyError(f"Model family {name!r} does not exist; there are {', '.join(NAMES)}.")
    return importlib.import_module(f"training.models.families.{name}")
