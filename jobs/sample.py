"""`mlflow run . -e sample`: raw exports of a simulated business, with the truth in a separate folder."""

import sys
from typing import Annotated

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.exports import write_sample
from jobs.runtime.parameters import RawLocation
from jobs.runtime.run_log import step
from projects.simulation import SimulationParameters

Users = Annotated[str, "number of people who ever sign up in the simulation"]
Months = Annotated[str, "number of months that the simulation lasts"]
Seed = Annotated[str, "seed of the random numbers"]


def sample(
    context: Context, users: Users = "20000", months: Months = "18", seed: Seed = "1", raw: RawLocation = "declared"
) -> None:
    """Write raw exports of a simulated business; equal parameters write the same bytes."""
    parameters = SimulationParameters.parse(users, months, seed)
    with step(context, "sample", {"users": users, "months": months, "seed": seed, "raw": raw}) as record:
        record.rows_out = sum(write_sample(context, parameters, raw).values())


if __name__ == "__main__":
    sys.exit(run(sample))
