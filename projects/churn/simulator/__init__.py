"""A simulated online cinema: raw exports of its systems, and the truth about its subscribers.

`people` draws the subscribers, `contracts` simulates their trials and paid periods, `behaviour` draws their activity,
`systems` turns both into exports, and `truth` writes the true probabilities. Imports go in this order only.
"""

from projects.churn.simulator.simulate import simulate

__all__ = ["simulate"]
