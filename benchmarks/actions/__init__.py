"""Benchmarks of the action loop: measured lift."""
