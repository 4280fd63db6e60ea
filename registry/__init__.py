"""Evidence to gate to alias: which model version may score, since when, and why."""

from registry.evidence import Evidence, parse
from registry.gate import Case, Check, Decision, decide
from registry.policy import Policy
from registry.promotion import Moved, NoProductionError, model_evidence, production, promote, rollback

__all__ = [
    "Case",
    "Check",
    "Decision",
    "Evidence",
    "Moved",
    "NoProductionError",
    "Policy",
    "decide",
    "model_evidence",
    "parse",
    "production",
    "promote",
    "rollback",
]
