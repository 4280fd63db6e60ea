"""Leakage checks."""
