"""Trials, paid periods, renewals, cancellations, charges and returns."""
