"""What CI runs fails on each kind of breach: lint, types, layers, Dockerfile, names, warnings, expected failures."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.checkout import BINARIES, copy_sources

#: file that is changed, what is added to it -> words of the check that refuses it.
BREACHES = {
    "ruff check": ("stack/breach.py", '"""A breach."""\n\nimport os\n', "F401"),
    "ruff format": ("stack/breach.py", '"""A breach."""\n\nNAMES = [ "a" ]\n', "Would reformat: stack/breach.py"),
    "mypy": ("stack/breach.py", '"""A breach."""\n\nCOUNT: int = "three"\n', "Incompatible types in assignment"),
    "lint-imports": (
        "stack/breach.py",
        '"""A breach."""\n\nimport lake as lake\n',
        "not allowed to import lake",
    ),
    "hadolint": ("Dockerfile", "\nRUN cd /tmp\n", "DL3003"),
}
#: tests that must fail, and one that must pass, in the same settings.
TESTS = """
import warnings

import pytest


def test_warning_of_our_code():
    warnings.warn("old")


@pytest.mark.xfail
def test_expected_failure_that_passes():
    pass


def test_warning_of_a_library():
    warnings.warn_explicit("old", DeprecationWarning, "library.py", 1, "library")


@pytest.mark.slow
def test_slow():
    raise AssertionError
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout with an environment that is up to date, so that `make` does not touch the real one."""
    files = (".ci/run", "Makefile", "Dockerfile", "requirements.lock", "README.md", "tests", "docs")
    folder = copy_sources(tmp_path / "checkout", *files)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("ruff", "mypy", "lint-imports", "hadolint"):
        (programs / name).symlink_to(BINARIES / name)
    # The tests themselves are not run: what counts is whether lint lets them start.
    python = f'case "$*" in *pytest*) echo tests start; exit 3;; esac\nexec {shlex.quote(sys.executable)} "$@"\n'
    (programs / "python").write_text(f"#!/bin/sh\n{python}")
    (programs / "python").chmod(0o755)
    (folder / ".venv" / "made").touch()
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV", "MAKE"))}
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)


@pytest.mark.slow
def test_the_checkout_passes_lint_and_its_tests_decide(checkout: Path):
    done = run(checkout, ".ci/run")
    assert done.stdout.splitlines()[-1] == "tests start", done.stdout + done.stderr
    assert done.returncode != 0, "the tests of this copy fail"


@pytest.mark.slow
@pytest.mark.parametrize("check", BREACHES)
def test_ci_fails_on_a_breach_before_any_test_runs(check: str, checkout: Path):
    name, added, words = BREACHES[check]
    with (checkout / name).open("a") as file:
        file.write(added)
    done = run(checkout, ".ci/run")
    assert done.returncode != 0
    assert words in done.stdout + done.stderr
    assert "tests start" not in done.stdout


def test_a_warning_of_our_code_and_a_surprising_success_fail_the_tests(checkout: Path):
    (checkout / "tests" / "unit" / "test_breach.py").write_text(TESTS)
    done = run(checkout, sys.executable, "-m", "pytest", "-p", "no:xdist", "tests/unit/test_breach.py")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 failed, 1 passed, 1 deselected" in done.stdout
    assert "FAILED tests/unit/test_breach.py::test_warning_of_our_code" in done.stdout
    assert "XPASS(strict)" in done.stdout
