"""Evidence to gate to review to alias: which model version may score, since when, who let it, and why."""

from registry.chain import Row
from registry.checks import Case, Check
from registry.evidence import Evidence, parse
from registry.gate import Decision, decide
from registry.history import history
from registry.moved import Moved
from registry.policy import Policy, PolicyError
from registry.production import (
    NoProductionError,
    NotVouchedError,
    approved_files,
    previous,
    production,
    productions,
)
from registry.promotion import check_how, promote
from registry.reviews import approve, reject
from registry.rollback import rollback
from registry.verify import verify
from registry.version_files import VersionFiles, VersionFilesError, verified_files
from registry.versions import Standing, Version, model_evidence

__all__ = [
    "Case",
    "Check",
    "Decision",
    "Evidence",
    "Moved",
    "NoProductionError",
    "NotVouchedError",
    "Policy",
    "PolicyError",
    "Row",
    "Standing",
    "Version",
    "VersionFiles",
    "VersionFilesError",
    "approve",
    "approved_files",
    "check_how",
    "decide",
    "history",
    "model_evidence",
    "parse",
    "previous",
    "production",
    "productions",
    "promote",
    "reject",
    "rollback",
    "verified_files",
    "verify",
]
