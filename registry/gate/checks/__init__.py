"""Checks of the gate: of the evidence, of the comparison with production, and of the version to be loaded."""

from registry.gate.checks.absolute import ABSOLUTE_CHECKS
from registry.gate.checks.check import Check
from registry.gate.checks.deployability import DEPLOYABILITY_CHECKS, check_signature
from registry.gate.checks.head_to_head import HEAD_TO_HEAD_CHECKS
from registry.gate.checks.inputs import Case, CheckInputs, TrainingWindow

__all__ = [
    "ABSOLUTE_CHECKS",
    "DEPLOYABILITY_CHECKS",
    "HEAD_TO_HEAD_CHECKS",
    "Case",
    "Check",
    "CheckInputs",
    "TrainingWindow",
    "check_signature",
]
