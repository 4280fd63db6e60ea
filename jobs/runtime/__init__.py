"""Shared by the entry points: parameters, context, locks, the run log, error sentences, and steps of several rooms."""
