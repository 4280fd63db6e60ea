"""Jobs in this process: most of what a small job costs in a process of its own is the import of libraries."""

import contextlib
import io
import os
import runpy
import subprocess
import sys
from unittest import mock

import pytest

from tests.end_to_end.conftest import Clone


def run_here(clone: Clone, module: str, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a job's module to its end, as `python -m` does, with the clone's environment; keep its exit code and text."""
    command = [module, *arguments, *([] if "--project" in arguments else ["--project", "cdnow"])]
    output, errors = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, {**clone.environment, **extra}, clear=True),
        mock.patch.object(sys, "argv", command),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        pytest.raises(SystemExit) as ended,
    ):
        runpy.run_module(module, run_name="__main__", alter_sys=False)
    return subprocess.CompletedProcess(command, int(ended.value.code or 0), output.getvalue(), errors.getvalue())


def refusal(clone: Clone, module: str, *arguments: str, **extra: str) -> str:
    """The one sentence of a job that must fail."""
    done = run_here(clone, module, *arguments, **extra)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    sentences = [line for line in done.stderr.splitlines() if line.startswith("prichal: ")]
    assert len(sentences) == 1, done.stderr
    return sentences[0]
