"""How the rows that judge are kept from those that were fitted, and what they are called wherever they are told of."""

from collections.abc import Mapping
from typing import Any

OUT_OF_TIME = "out of time"
BY_ENTITY = "by entity, not out of time"
#: what the rows that judge are called.
CALLED = {OUT_OF_TIME: "out of time", BY_ENTITY: "held out"}


def validation(data: Mapping[str, Any]) -> str:
    """How the rows of the evidence's `data` are kept apart; evidence that does not say so is older, and out of time."""
    return str(data.get("validation") or OUT_OF_TIME)


def judged(data: Mapping[str, Any]) -> str:
    """What the rows that judge are called."""
    return CALLED[validation(data)]
