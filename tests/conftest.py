"""For all trees: property tests draw the same examples everywhere, and no clock decides whether they pass.

Where several workers share the tests, what uses the same services or the same Spark stays with one of them.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

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


def piece(item: pytest.Item) -> str:
    """The piece of work that a test belongs to; a piece stays with one worker.

    Each worker starts services when it gets the first test that needs them, and keeps them. So every file can go to any
    worker, but for what shares more than services: the morning (see end_to_end/conftest.py), and the Spark session.
    """
    parts = item.path.relative_to(item.config.rootpath).parts
    if "morning" in getattr(item, "fixturenames", ()):
        return "morning"
    if "spark" in parts:
        return "spark"
    # Monitoring's files share what takes them longest, evidently's import.
    return "/".join(parts[:-1] if "monitoring" in parts else parts)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Group the tests by piece for `pytest --dist loadgroup`."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        item.add_marker(pytest.mark.xdist_group(piece(item)))
    items.sort(key=lambda item: FIRST.index(name) if (name := piece(item)) in FIRST else len(FIRST))
