"""Kinds of validation, and the name of the evaluation rows for each kind."""

from collections.abc import Mapping
from typing import Any

OUT_OF_TIME = "out of time"
BY_ENTITY = "by entity, not out of time"
#: kind of validation -> name of the evaluation rows.
CALLED = {OUT_OF_TIME: "out of time", BY_ENTITY: "held out"}


def validation(data: Mapping[str, Any]) -> str:
    """Kind of validation in the evidence's `data`; older evidence without this key is out of time."""
    return str(data.get("validation") or OUT_OF_TIME)


def judged(data: Mapping[str, Any]) -> str:
    """Name of the evaluation rows."""
    return CALLED[validation(data)]
