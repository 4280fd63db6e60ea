"""For all trees: property tests draw the same examples everywhere, and no clock decides whether they pass.

Where several workers share the tests, what uses the same services or the same Spark stays with one of them.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

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


#: pieces that are handed out first, the longest first: what is long and starts last would be waited for.
FIRST = ("morning", "spark")


@cache
def piece(file: str) -> str:
    """The piece of work that a test file belongs to; a piece stays with one worker.

    Each worker starts services when it gets the first test that needs them, and keeps them. So every file can go to any
    worker, but for what shares more than services: the morning (see end_to_end/conftest.py), and the Spark session.

    Args:
        file: path from the root of the project.
    """
    path = PurePosixPath(file)
    if "end_to_end" in path.parts and re.search(r"\bmorning\b", (ROOT / path).read_text()):
        return "morning"
    if "spark" in path.parts:
        return "spark"
    # Monitoring's files share what takes them longest, evidently's import.
    return str(path.parent if "monitoring" in path.parts else path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the pieces of `FIRST`."""
    pieces = {item: piece(item.nodeid.split("::")[0]) for item in items}
    items.sort(key=lambda item: FIRST.index(pieces[item]) if pieces[item] in FIRST else len(FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Hand out piece by piece. The markers of xdist's own `loadgroup` have no effect with pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPiece(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return piece(nodeid.split("::")[0])

    return ByPiece(config, log)
