"""Evidence, gate, ledger, reviews and aliases: which version may score, since when, by whose decision, and why."""

from registry.gate.checks import Case, Check
from registry.gate.evidence import Evidence, parse
from registry.gate.gate import Decision, decide
from registry.gate.policy import PARITY_TOLERANCE, Policy, PolicyError, UpliftBounds
from registry.ledger.chain import Row
from registry.ledger.history import history
from registry.ledger.verify import verify
from registry.release.production import (
    LedgerMismatchError,
    NoProductionError,
    approved_files,
    previous,
    production,
    productions,
)
from registry.release.promotion import PromotionOutcome, promote, require_mode_and_release
from registry.release.reviews import approve, reject
from registry.release.rollback import rollback
from registry.versions.version_files import VersionFiles, VersionFilesError, verified_files
from registry.versions.versions import Contenders, Version, model_evidence

__all__ = [
    "PARITY_TOLERANCE",
    "Case",
    "Check",
    "Contenders",
    "Decision",
    "Evidence",
    "LedgerMismatchError",
    "NoProductionError",
    "Policy",
    "PolicyError",
    "PromotionOutcome",
    "Row",
    "UpliftBounds",
    "Version",
    "VersionFiles",
    "VersionFilesError",
    "approve",
    "approved_files",
    "decide",
    "history",
    "model_evidence",
    "parse",
    "previous",
    "production",
    "productions",
    "promote",
    "reject",
    "require_mode_and_release",
    "rollback",
    "verified_files",
    "verify",
]
