"""Time to compute the features of one date from an event log, here and with other tools."""

from benchmarks.speed.main import main

__all__ = ["main"]
