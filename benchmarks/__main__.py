"""`python -m benchmarks [NAME ...]`: all of `ALL`, or those named."""

import sys

from benchmarks import (
    calibration,
    cinema,
    gate,
    ingest,
    literature,
    mornings,
    race,
    retrains,
    scale,
    search,
    speed,
    steps,
    walls,
)

ALL = {
    "literature": literature.main,
    "calibration": calibration.main,
    "search": search.main,
    "ingest": ingest.main,
    "cinema": cinema.main,
    "speed": speed.main,
    "mornings": mornings.main,
    "steps": steps.main,
    "scale": scale.main,
    "walls": walls.main,
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
    for name in asked:
        ALL[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
