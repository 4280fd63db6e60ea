"""For all trees: property tests draw the same examples everywhere, and no clock decides whether they pass.

Where several workers share the tests, what uses the same services or the same Spark stays with one of them.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, settings

#: examples of each property test; `make test-slow` runs the property tests again with the second profile.
for profile, examples in (("steady", 25), ("thorough", 300)):
    settings.register_profile(
        profile,
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
settings.load_profile("steady")

# A test's Java lives for a minute: it never earns back what compiling well and collecting on many threads costs.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
# Two workers share two cores: threads of NumPy and scikit-learn that wait for each other would burn most of their time.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

#: tests with services that do not need the whole morning; they take about as long as the rest of their tree.
SECOND_STACK = {
    "test_cinema.py",
    "test_canary.py",
    "test_keeper.py",
    "test_killed.py",
    "test_ledger.py",
    "test_migrations.py",
    "test_old_mart.py",
    "test_other_users.py",
    "test_publish.py",
    "test_race.py",
    "test_readers.py",
    "test_registry.py",
    "test_reviews.py",
    "test_service_gone.py",
    "test_stack.py",
    "test_webhook.py",
    "test_access_rights.py",
}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB; only root can mount one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=True)
    yield place
    # Spark may still hold what it could not write: the disk goes once it lets go.
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture(autouse=True)
def default_umask() -> Iterator[None]:
    """Each test begins with the umask of most systems; a step changes it to private files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def piece(nodeid: str) -> str:
    """The piece of work that a test belongs to; a piece stays with one worker."""
    path = PurePosixPath(nodeid.split("::")[0])
    if "end_to_end" in path.parts:
        return "second stack" if path.name in SECOND_STACK else "first stack"
    # Monitoring's files share what takes them longest, evidently's import.
    return str(path.parent if {"spark", "monitoring"} & set(path.parts) else path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Hand out piece by piece."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPiece(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return piece(nodeid)

    return ByPiece(config, log)
