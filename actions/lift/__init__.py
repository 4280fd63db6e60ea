"""Measured lift: what campaigns changed, against their control groups."""
