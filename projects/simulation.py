"""Raw exports of a project's simulated business, written once for each set of parameters."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lake import TRUTH
from projects.project import Project
from stack.errors import PrichalError
from stack.folders.atomic import fresh_partial, publish_directory
from stack.settings import ROOT
from training import code_hash

#: file beside simulated exports with their parameters; a folder without it holds a business's own exports.
PARAMETERS_FILE = "sample.json"


class SimulationError(PrichalError):
    """The project has no simulator, a parameter is out of range, or the folder holds other exports."""


@dataclass(frozen=True)
class SimulationParameters:
    """Parameters of a simulation; equal ones write the same bytes.

    Attributes:
        users: people who ever sign up.
        months: that the simulation lasts.
        seed: of the random numbers.
    """

    users: int = 20_000
    months: int = 18
    seed: int = 1

    @classmethod
    def parse(cls, users: str, months: str, seed: str) -> "SimulationParameters":
        """Parameters from text.

        Raises:
            SimulationError: one is no whole number, or out of range.
        """
        return cls(
            _parse("users", users, 50, 5_000_000), _parse("months", months, 3, 60), _parse("seed", seed, 0, 2**31)
        )


def simulate_exports(
    project: Project, folder: Path, truth: Path, parameters: SimulationParameters, say: Callable[[str], None]
) -> dict[str, int]:
    """Write simulated exports and their truth, unless both are there already with equal parameters and code.

    Args:
        project: with a simulator.
        folder: of the exports.
        truth: folder of the true states and probabilities, which no step of the pipeline reads.
        parameters: of the simulation.
        say: prints progress.

    Returns:
        File name -> number of rows.

    Raises:
        SimulationError: the project has no simulator, or the folder holds other exports.
    """
    if project.simulate is None:
        raise SimulationError(
            f"Project {project.name} has no simulator: ingest its own exports with `-e ingest -P raw=FOLDER`."
        )
    code = code_hash(ROOT, [f"projects/{project.name}/simulator"])
    origin = {"project": project.name, **asdict(parameters), "code": code}
    rows = existing_rows(folder, truth, origin)
    if rows is None:
        rows = _simulate(project.simulate, folder, truth, origin, parameters, say)
    say(f"sample · {sum(rows.values()):,} rows of {parameters.users:,} subscribers in {folder}")
    return rows


def existing_rows(folder: Path, truth: Path, origin: dict[str, Any]) -> dict[str, int] | None:
    """File name -> number of rows if exports and truth of this origin exist; None if they must be simulated.

    Raises:
        SimulationError: the folder holds exports that no simulation wrote.
    """
    if (folder / PARAMETERS_FILE).exists():
        # The exports of another folder may have replaced the truth since, so both folders are compared.
        exports_origin, truth_origin = (read_origin(place) for place in (folder, truth))
        rows: dict[str, int] = exports_origin["rows"]
        return rows if exports_origin == truth_origin == {**origin, "rows": rows} else None
    if folder.exists() and any(folder.iterdir()):
        raise SimulationError(f"{folder} holds exports that no simulation wrote: give another folder with `-P raw=`.")
    return None


def read_origin(folder: Path) -> dict[str, Any]:
    """The parameters and row counts that a simulation wrote beside its files; empty if there are none."""
    path = folder / PARAMETERS_FILE
    content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return content


def _simulate(
    simulate: Callable[..., dict[str, int]], folder: Path, truth: Path, origin: dict[str, Any],
    parameters: SimulationParameters, say: Callable[[str], None],
) -> dict[str, int]:  # fmt: skip
    partial, partial_truth = fresh_partial(folder), fresh_partial(truth)
    partial.mkdir(parents=True)
    partial_truth.mkdir(parents=True)
    rows = simulate(partial, partial_truth, say=lambda line: say(f"sample · {line}"), **asdict(parameters))
    (partial_truth / TRUTH).touch()
    for place in (partial, partial_truth):
        (place / PARAMETERS_FILE).write_text(json.dumps({**origin, "rows": rows}, indent=1) + "\n")
    publish_directory(partial_truth, truth)
    publish_directory(partial, folder)
    return rows


def _parse(name: str, text: str, lowest: int, highest: int) -> int:
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise SimulationError(f"{name} {text!r} is not allowed: give a whole number from {lowest} to {highest}.")
    return int(text)
