"""Benchmarks: `python -m benchmarks [NAME ...]` measures the figures of the docs."""
