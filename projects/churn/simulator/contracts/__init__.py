"""Trials, paid periods, charges and leaving; and the truth about them."""
