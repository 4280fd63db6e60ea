"""Wall time of a call."""

import time
from collections.abc import Callable


def elapsed_seconds(action: Callable[[], object]) -> float:
    """Call `action` and return the seconds that it took."""
    started_at = time.monotonic()
    action()
    return time.monotonic() - started_at
