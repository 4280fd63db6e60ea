"""The allocation as an exact linear program: a check of `allocate` on small sizes."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from actions.policy.constraints import Constraints, Floats


def linear_program(gains: Floats, constraints: Constraints) -> tuple[float, Floats]:
    """The largest gain of a plan in shares of people, and the prices (r,) of the constraints, by HiGHS.

    Args:
        gains: (n, k), NaN or -inf where an action may not be chosen.
        constraints: over the k actions.
    """
    people, actions = np.nonzero(np.nan_to_num(gains, nan=-np.inf) > 0)
    pairs = np.arange(len(people))
    if not len(pairs):
        return 0.0, np.zeros(len(constraints.names))
    once = csr_array((np.ones(len(pairs)), (people, pairs)), shape=(len(gains), len(pairs)))
    rows = vstack([csr_array(constraints.usage[:, actions]), once])
    limits = np.concatenate([constraints.allowed, np.ones(len(gains))])
    solved = linprog(-gains[people, actions], A_ub=rows, b_ub=limits, method="highs")
    return -float(solved.fun), -np.asarray(solved.ineqlin.marginals)[: len(constraints.names)]
