"""Evidence to gate to alias: which model version may score, since when, and why."""

from registry.checks import Case, Check
from registry.evidence import Evidence, parse
from registry.gate import Decision, decide
from registry.policy import Policy, PolicyError
from registry.promotion import Moved, NoProductionError, model_evidence, production, promote, rollback

__all__ = [
    "Case",
    "Check",
    "Decision",
    "Evidence",
    "Moved",
    "NoProductionError",
    "Policy",
    "PolicyError",
    "decide",
    "model_evidence",
    "parse",
    "production",
    "promote",
    "rollback",
]
