"""Features of one date out of a log of events: how long it takes, here and elsewhere."""

from benchmarks.speed.main import main

__all__ = ["main"]
