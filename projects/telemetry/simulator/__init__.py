"""A simulated online shop: its event log, and the truth about it.

`plan` draws the planted facts, `people` draws the visitors, `visits` draws what they do in a month, and `simulate`
writes the files. Imports go in this order only.
"""

from projects.telemetry.simulator.simulate import simulate

__all__ = ["simulate"]
