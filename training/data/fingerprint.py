"""Fingerprints that identify repeated trainings."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from training.plan import TrainingPlan


def fingerprint(plan: TrainingPlan, provenance: Mapping[str, Any]) -> str:
    """Hash of everything that determines a fitted model: data, code, package versions, settings.

    A setting that an earlier release did not have counts only where it is used.
    """
    unused = {field.name for field in fields(plan) if "later" in field.metadata
              and getattr(plan, field.name) == field.default}  # fmt: skip
    settings = {name: value for name, value in asdict(plan).items() if name not in unused}
    return hashlib.sha256(json.dumps([settings, provenance], sort_keys=True, default=str).encode()).hexdigest()[:32]


def code_hash(root: Path, rooms: Iterable[str]) -> str:
    """Hash of the Python files of these folders below `root`, committed or not."""
    digest = hashlib.sha256()
    for room in sorted(rooms):
        for file in sorted((root / room).rglob("*.py")):
            digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]
