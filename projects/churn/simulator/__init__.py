"""A simulated online cinema: raw exports of its systems, and the truth about its subscribers."""

from projects.churn.simulator.simulate import simulate

__all__ = ["simulate"]
