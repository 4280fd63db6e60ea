"""Fingerprints that identify repeated trainings."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.plan import TrainingPlan


def fingerprint(plan: TrainingPlan, provenance: Mapping[str, Any]) -> str:
    """Hash of everything that determines a fitted model: data, code, package versions, settings."""
    return hashlib.sha256(json.dumps([asdict(plan), provenance], sort_keys=True, default=str).encode()).hexdigest()[:32]


def code_hash(root: Path, rooms: Iterable[str]) -> str:
    """Hash of the Python files of these folders below `root`, committed or not."""
    digest = hashlib.sha256()
    for room in sorted(rooms):
        for file in sorted((root / room).rglob("*.py")):
            digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]
