"""`python -m benchmarks [NAME ...]`: run the named benchmarks, or all of them."""

import sys

from benchmarks import speed
from benchmarks.actions import handover, lift, policy, uplift_truth
from benchmarks.gate import canary, gate, race
from benchmarks.models import (
    calibration,
    cinema,
    families,
    literature,
    retrains,
    rules,
    search,
)
from benchmarks.pipeline import (
    daily_update,
    equality,
    ingest,
    make_run,
    publishing,
    scale,
    steps,
)
from stack.errors import PrichalError

ALL = {
    "literature": literature.main,
    "calibration": calibration.main,
    "families": families.main,
    "search": search.main,
    "ingest": ingest.main,
    "equality": equality.main,
    "cinema": cinema.main,
    "rules": rules.main,
    "speed": speed.main,
    "daily_update": daily_update.main,
    "steps": steps.main,
    "scale": scale.main,
    "make_run": make_run.main,
    "publish": publishing.main,
    "canary": canary.main,
    "retrains": retrains.main,
    "gate": gate.main,
    "race": race.main,
    "handover": handover.main,
    "lift": lift.main,
    "policy": policy.main,
    "uplift": uplift_truth.main,
}


def main() -> int:
    """Run the named benchmarks; returns 2 if a name is unknown or a benchmark could not run, else 0."""
    names = sys.argv[1:] or list(ALL)
    unknown = [name for name in names if name not in ALL]
    if unknown:
        sys.stderr.write(f"No benchmark is called {', '.join(unknown)}; give one of {', '.join(ALL)}.\n")
        return 2
    skipped = [name for name in names if not _is_run(name)]
    return 2 if skipped else 0


def _is_run(name: str) -> bool:
    """Run one benchmark. If it lacks its input, such as a finished `make run`, say so and let the others run."""
    try:
        ALL[name]()
    except PrichalError as error:
        sys.stderr.write(f"{name} is skipped: {error}\n")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
