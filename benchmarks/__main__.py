"""`python -m benchmarks [NAME ...]`: all of `ALL`, or those named."""

import sys

from benchmarks import speed
from benchmarks.gate import gate, race, watch
from benchmarks.models import (
    calibration,
    cinema,
    literature,
    retrains,
    rules,
    search,
)
from benchmarks.pipeline import (
    ingest,
    mornings,
    scale,
    steps,
    walls,
)
from stack.errors import PrichalError

ALL = {
    "literature": literature.main,
    "calibration": calibration.main,
    "search": search.main,
    "ingest": ingest.main,
    "cinema": cinema.main,
    "rules": rules.main,
    "speed": speed.main,
    "mornings": mornings.main,
    "steps": steps.main,
    "scale": scale.main,
    "walls": walls.main,
    "watch": watch.main,
    "retrains": retrains.main,
    "gate": gate.main,
    "race": race.main,
}


def main() -> int:
    """Run what was asked for."""
    asked = sys.argv[1:] or list(ALL)
    unknown = [name for name in asked if name not in ALL]
    if unknown:
        sys.stderr.write(f"No benchmark is called {', '.join(unknown)}; there are {', '.join(ALL)}.\n")
        return 2
    left_out = [name for name in asked if not _done(name)]
    return 2 if left_out else 0


def _done(name: str) -> bool:
    """One that cannot be run, such as for want of `make run` before it, does not keep the others from theirs."""
    try:
        ALL[name]()
    except PrichalError as error:
        sys.stderr.write(f"{name} is left out: {error}\n")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
