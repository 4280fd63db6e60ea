"""A step's context on an empty machine: a lake of its own, no services, no Spark."""

from pathlib import Path

import pytest

from jobs.runtime.context import Context
from projects import load_project
from stack.settings import Settings
from tests.unit.builders import publish


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """The record shop with its dates in the lake."""
    context = Context(Settings(state=tmp_path, lake=tmp_path / "lake"), load_project("cdnow"))
    publish(context.table("purchases"), "d1", "1997-01-01", "1998-07-01")
    return context
