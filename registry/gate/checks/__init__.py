"""What the gate asks: of the evidence, of production on the same rows, and of the version as scoring will meet it."""

from registry.gate.checks.absolute import ALONE
from registry.gate.checks.check import Check
from registry.gate.checks.deployability import USABLE, supplied
from registry.gate.checks.head_to_head import SAME_ROWS
from registry.gate.checks.inputs import Case, CheckInputs, TrainingWindow

__all__ = ["ALONE", "SAME_ROWS", "USABLE", "Case", "Check", "CheckInputs", "TrainingWindow", "supplied"]
