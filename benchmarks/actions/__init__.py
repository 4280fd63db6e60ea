"""Benchmarks of the action loop on simulated people whose true effects are known."""
