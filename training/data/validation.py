"""Kinds of validation, and the name of the test rows for each kind."""

from collections.abc import Mapping
from typing import Any

OUT_OF_TIME = "out of time"
BY_ENTITY = "by entity, not out of time"
#: kind of validation -> name of the test rows.
VALIDATION_NAMES = {OUT_OF_TIME: "out of time", BY_ENTITY: "held out"}


def validation(data: Mapping[str, Any]) -> str:
    """Kind of validation in the evidence's `data`; older evidence without this key is out of time."""
    return str(data.get("validation") or OUT_OF_TIME)


def validation_name(data: Mapping[str, Any]) -> str:
    """Name of the test rows."""
    return VALIDATION_NAMES[validation(data)]
