"""What the gate asks: of the evidence, of production on the same rows, and of the version as scoring will meet it."""

from registry.checks.alone import ALONE
from registry.checks.check import Check
from registry.checks.facts import Case, Facts, Learnt
from registry.checks.same_rows import SAME_ROWS
from registry.checks.usable import USABLE, supplied

__all__ = ["ALONE", "SAME_ROWS", "USABLE", "Case", "Check", "Facts", "Learnt", "supplied"]
